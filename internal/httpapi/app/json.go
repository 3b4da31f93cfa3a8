package app

import (
	"encoding/json"
	"io"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"malmoi/internal/httpapi/sse"
	"malmoi/internal/httpapi/wire"
)

var errorType = reflect.TypeFor[ErrorBody]()

// jsonFormat is JSON as all our APIs read it: UTF-8 only and not nested deeper
// than wire.MaxDepth.
var jsonFormat = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		data, err := sse.Encode(v)
		if err != nil {
			return err
		}
		w.Write(data) // a client that is gone is no error of ours
		return nil
	},
	Unmarshal: func(data []byte, v any) error {
		if err := wire.CheckText(data); err != nil {
			return err
		}
		return json.Unmarshal(data, v)
	},
}
