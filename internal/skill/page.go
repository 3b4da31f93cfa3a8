package skill

import (
	"encoding/json"
	"errors"
	"strings"
)

// RunPython has the user's own page run code, in a closed frame of theirs. The
// server runs none of it: a language that can do anything is not safe inside
// this process, and a sandbox in the browser has nothing of the server's.
var RunPython = Skill{
	Name: "run_python", Title: "파이썬 실행",
	Description: "Runs a Python 3 program and returns what it prints. Use it for loops, simulations, statistics, text processing and to check code. " +
		"Standard library only, no network, no input, no files are kept, nothing is remembered between calls, at most 20 seconds. Print the result.",
	Parameters: json.RawMessage(`{"type":"object","properties":{"code":{"type":"string","description":"the whole program"}},"required":["code"]}`),
	Effect:     Page,
	Check: func(a json.RawMessage) error {
		in, err := read[struct {
			Code string `json:"code"`
		}](a)
		if err != nil {
			return err
		}
		switch code := strings.TrimSpace(in.Code); {
		case code == "":
			return errors.New(`there is no code: call it as {"code": "print(1 + 1)"}`)
		case strings.HasPrefix(code, "```"): // as small models write code in answers
			return errors.New("leave out the ``` lines: code is the program alone")
		}
		return nil
	},
}
