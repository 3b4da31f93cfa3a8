package app

import (
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"malmoi/internal/httpapi/wire"
)

var errorType = reflect.TypeFor[ErrorBody]()

// jsonFormat is JSON as all our APIs read it: UTF-8 only and not nested deeper
// than wire.MaxDepth.
var jsonFormat = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		if err := wire.CheckText(data); err != nil {
			return err
		}
		return json.Unmarshal(data, v)
	},
}
