package wire

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// Inner stands for a group of parameters that several requests share.
type Inner struct {
	Temperature *float32 `json:"temperature"`
}

type request struct {
	Inner
	Name   string          `json:"name"`
	Count  *int            `json:"count"`
	Raw    json.RawMessage `json:"raw"`
	Nested struct {
		On bool `json:"on"`
	} `json:"nested"`
}

func TestDecodeNamesWhatIsWrong(t *testing.T) {
	f := func(body, param, code, message string) {
		t.Helper()
		var r request
		err := Decode([]byte(body), &r)
		if message == "" {
			if err != nil {
				t.Errorf("%s: %v", Shorten(body), err)
			}
			return
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: error %v", Shorten(body), err)
			return
		}
		if e.Status != 400 || e.Param != param || e.Code != code || !strings.Contains(e.Message, message) {
			t.Errorf("%s: got param %q, code %q, %q; want %q, %q, %q", Shorten(body), e.Param, e.Code, e.Message, param, code, message)
		}
	}
	f(`{}`, "", "", "")
	f(` {"name":"가","count":null,"temperature":1,"raw":[1]} `, "", "", "")
	f(``, "", "invalid_value", "empty")
	f(`null`, "", "invalid_value", "JSON object")
	f(`[]`, "", "invalid_value", "JSON object")
	f(`"x"`, "", "invalid_value", "JSON object")
	f(`{"name":`, "", "invalid_value", "not valid JSON")
	f(`{"name":"x"} {}`, "", "invalid_value", "at byte 14")
	f("{\"name\":\"\xbe\xc8\xb3\xe7\"}", "", "invalid_value", "UTF-8") // 안녕 in CP949
	f(`{"name":1}`, "name", "invalid_type", "expected a string, got a number")
	f(`{"count":1.5}`, "count", "invalid_type", "expected an integer")
	f(`{"count":"1"}`, "count", "invalid_type", "expected an integer, got a string")
	f(`{"count":99999999999999999999}`, "count", "invalid_type", "expected an integer")
	f(`{"temperature":"hot"}`, "temperature", "invalid_type", "expected a number, got a string")
	f(`{"temperature":1e99}`, "temperature", "invalid_type", "expected a number")
	f(`{"nested":{"on":1}}`, "nested.on", "invalid_type", "expected true or false")
	f(`{"nested":{"on":true,"new":1}}`, "", "", "")
	f(`{"nam":"x"}`, "nam", "unknown_parameter", `"nam"`)
	f(`{"b":1,"a":1}`, "a", "unknown_parameter", `"a"`)
	f(`{"Inner":1}`, "Inner", "unknown_parameter", `"Inner"`)
	f(`{"`+strings.Repeat("가", 100)+`":1}`, strings.Repeat("가", 21)+"…", "unknown_parameter", "…")
	f(`{"raw":`+strings.Repeat("[", MaxDepth-1)+strings.Repeat("]", MaxDepth-1)+`}`, "", "", "")
	f(`{"raw":`+strings.Repeat("[", MaxDepth)+strings.Repeat("]", MaxDepth)+`}`, "", "invalid_value", "deeper")
	f(`{"raw":`+strings.Repeat("[", 1_000_000), "", "invalid_value", "deeper")
	f(`{"raw":"`+strings.Repeat(`[\"`, 1000)+`"}`, "", "", "") // brackets in a string are not nesting
}

func TestKind(t *testing.T) {
	for in, want := range map[string]byte{"": 0, " \n": 0, "null": 'n', " {": '{', "[1]": '[', `"a"`: '"', "true": 't', "false": 'f', "-1": '0', "7": '0'} {
		if got := Kind(json.RawMessage(in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
