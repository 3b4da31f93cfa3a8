package skill

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestRunPythonWantsCode(t *testing.T) {
	f := func(arguments, want string) {
		t.Helper()
		_, problem := Set{RunPython}.Ready("run_python", arguments)
		if want == "" && problem != "" || !strings.Contains(problem, want) {
			t.Errorf("%s: %q, want %q", arguments, problem, want)
		}
	}
	f(`{"code":"print(1)"}`, "")
	f(`{"code":"print(1)","language":"python"}`, "")
	f(`{"code":" \n"}`, "there is no code")
	f(`{"code":"\n`+"```"+`python\nprint(1)\n`+"```"+`"}`, "leave out the ```")
	f(``, "there is no code")
	f(`{}`, "there is no code")
	f(`{"code":1}`, "do not fit")
	f(`[]`, "do not fit")
	f(`{"code":`, "not valid JSON")
	f(`{"code":"`+strings.Repeat("x", MaxArguments)+`"}`, "at most 65536")
	if !json.Valid(RunPython.Parameters) {
		t.Errorf("parameters are not JSON: %s", RunPython.Parameters)
	}
}

// The server runs no code, whoever asks it.
func TestTheServerRunsNoPagesSkill(t *testing.T) {
	if text, ok := (Set{RunPython}).Run(t.Context(), "run_python", `{"code":"print(1)"}`); ok || !strings.Contains(text, "only the user's page") {
		t.Errorf("%q, %v", text, ok)
	}
}
