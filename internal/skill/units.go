package skill

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"malmoi/internal/skill/calc"
)

// unit is one unit of a quantity: how many of the quantity's base unit it is.
type unit struct {
	kind   string
	factor string // a decimal or a fraction, exact by definition where there is one
	names  []string
}

// unitTable holds what is converted. Traditional Korean units have the values
// of the metric conversion of 1909 (1자 = 10/33 m, 1평 = 400/121 m², 1근 = 600 g).
var unitTable = []unit{
	{"length", "1", []string{"m", "미터", "meter"}}, {"length", "1000", []string{"km", "킬로미터"}}, {"length", "0.01", []string{"cm", "센티미터", "센티"}},
	{"length", "0.001", []string{"mm", "밀리미터"}}, {"length", "0.0254", []string{"in", "inch", "인치"}}, {"length", "0.3048", []string{"ft", "feet", "foot", "피트"}},
	{"length", "0.9144", []string{"yd", "yard", "야드"}}, {"length", "1609.344", []string{"mi", "mile", "마일"}}, {"length", "1852", []string{"nmi", "해리"}},
	{"length", "10/33", []string{"자", "척"}}, {"length", "1/33", []string{"치"}}, {"length", "20/11", []string{"간", "칸"}}, {"length", "4320/11", []string{"리"}},
	{"area", "1", []string{"m2", "m²", "㎡", "제곱미터"}}, {"area", "1000000", []string{"km2", "km²", "㎢", "제곱킬로미터"}}, {"area", "10000", []string{"ha", "헥타르"}},
	{"area", "400/121", []string{"평"}}, {"area", "4046.8564224", []string{"acre", "에이커"}}, {"area", "120000/121", []string{"단보"}}, {"area", "1200000/121", []string{"정보"}},
	{"area", "0.09290304", []string{"ft2", "sqft", "제곱피트"}},
	{"mass", "1", []string{"kg", "킬로그램", "킬로"}}, {"mass", "0.001", []string{"g", "그램"}}, {"mass", "0.000001", []string{"mg", "밀리그램"}}, {"mass", "1000", []string{"t", "톤", "ton"}},
	{"mass", "0.45359237", []string{"lb", "lbs", "pound", "파운드"}}, {"mass", "0.028349523125", []string{"oz", "ounce", "온스"}},
	{"mass", "0.6", []string{"근", "고기근"}}, {"mass", "0.375", []string{"채소근"}}, {"mass", "3.75", []string{"관"}}, {"mass", "0.00375", []string{"돈"}}, {"mass", "0.0375", []string{"냥"}},
	{"volume", "1", []string{"l", "L", "리터", "ℓ"}}, {"volume", "0.001", []string{"ml", "mL", "밀리리터", "cc"}}, {"volume", "1000", []string{"m3", "m³", "㎥", "세제곱미터"}},
	{"volume", "3.785411784", []string{"gal", "gallon", "갤런"}}, {"volume", "0.2365882365", []string{"cup", "컵"}}, {"volume", "0.18039", []string{"홉"}}, {"volume", "1.8039", []string{"되"}}, {"volume", "18.039", []string{"말"}},
	{"speed", "1", []string{"m/s"}}, {"speed", "1/3.6", []string{"km/h", "시속"}}, {"speed", "0.44704", []string{"mph"}}, {"speed", "1852/3600", []string{"knot", "노트"}},
	{"data", "1", []string{"B", "byte", "바이트"}}, {"data", "1000", []string{"kB", "KB"}}, {"data", "1000000", []string{"MB"}}, {"data", "1000000000", []string{"GB"}}, {"data", "1000000000000", []string{"TB"}},
	{"data", "1024", []string{"KiB"}}, {"data", "1048576", []string{"MiB"}}, {"data", "1073741824", []string{"GiB"}}, {"data", "1099511627776", []string{"TiB"}},
	{"time", "1", []string{"s", "초"}}, {"time", "60", []string{"min", "분"}}, {"time", "3600", []string{"h", "시간"}}, {"time", "86400", []string{"day", "일"}}, {"time", "604800", []string{"week", "주"}},
	{"pressure", "1", []string{"Pa"}}, {"pressure", "1000", []string{"kPa"}}, {"pressure", "100000", []string{"bar"}}, {"pressure", "101325", []string{"atm", "기압"}},
	{"energy", "1", []string{"J", "줄"}}, {"energy", "1000", []string{"kJ"}}, {"energy", "4.184", []string{"cal", "칼로리"}}, {"energy", "4184", []string{"kcal", "킬로칼로리"}}, {"energy", "3600000", []string{"kWh"}},
}

var unitSkill = Skill{
	Name: "convert_unit", Title: "단위 변환",
	Description: "Converts units of length, area, mass, volume, temperature, speed, data, time, pressure and energy, also Korean ones (평, 근, 돈, 되, 자, 리).",
	Parameters:  json.RawMessage(`{"type":"object","properties":{"value":{"type":"number"},"from":{"type":"string","description":"unit, for example 평, km, °F"},"to":{"type":"string","description":"unit, for example m2, mile, °C"}},"required":["value","from","to"]}`),
	Call: func(_ context.Context, a json.RawMessage) (string, error) {
		in, err := read[struct {
			Value json.Number
			From  string
			To    string
		}](a)
		if err != nil {
			return "", err
		}
		v, ok := new(big.Rat).SetString(in.Value.String())
		if !ok || len(in.Value) > 40 {
			return "", fmt.Errorf("value %q is not a number", in.Value)
		}
		out, err := convert(v, strings.TrimSpace(in.From), strings.TrimSpace(in.To))
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%s %s = %s %s", calc.Text(v), in.From, calc.Text(out), in.To), nil
	},
}

func convert(v *big.Rat, from, to string) (*big.Rat, error) {
	if k, ok := kelvin(v, from); ok {
		return fromKelvin(k, to)
	}
	a, err := findUnit(from)
	if err != nil {
		return nil, err
	}
	b, err := findUnit(to)
	if err != nil {
		return nil, err
	}
	if a.kind != b.kind {
		return nil, fmt.Errorf("%s is a unit of %s, %s one of %s", from, a.kind, to, b.kind)
	}
	return v.Quo(new(big.Rat).Mul(v, rat(a.factor)), rat(b.factor)), nil
}

// findUnit looks for the very name, then without regard to case.
func findUnit(name string) (unit, error) {
	for _, same := range []func(string) bool{
		func(n string) bool { return n == name },
		func(n string) bool { return strings.EqualFold(n, name) },
	} {
		if i := slices.IndexFunc(unitTable, func(u unit) bool { return slices.ContainsFunc(u.names, same) }); i >= 0 {
			return unitTable[i], nil
		}
	}
	return unit{}, fmt.Errorf("the unit %q is not known", name)
}

// rat reads 400/121 and 1/3.6.
func rat(s string) *big.Rat {
	top, bottom, ratio := strings.Cut(s, "/")
	v, _ := new(big.Rat).SetString(top)
	if ratio {
		w, _ := new(big.Rat).SetString(bottom)
		v.Quo(v, w)
	}
	return v
}

var zeroCelsius = big.NewRat(27315, 100)

func temperature(name string) string {
	switch strings.ToLower(strings.TrimPrefix(name, "°")) {
	case "c", "℃", "섭씨", "celsius":
		return "C"
	case "f", "℉", "화씨", "fahrenheit":
		return "F"
	case "k", "켈빈", "kelvin":
		return "K"
	}
	return ""
}

func kelvin(v *big.Rat, name string) (*big.Rat, bool) {
	k := new(big.Rat).Set(v)
	switch temperature(name) {
	case "C":
		return k.Add(k, zeroCelsius), true
	case "F":
		k.Sub(k, big.NewRat(32, 1)).Mul(k, big.NewRat(5, 9))
		return k.Add(k, zeroCelsius), true
	case "K":
		return k, true
	}
	return nil, false
}

func fromKelvin(k *big.Rat, name string) (*big.Rat, error) {
	switch temperature(name) {
	case "C":
		return k.Sub(k, zeroCelsius), nil
	case "F":
		k.Sub(k, zeroCelsius).Mul(k, big.NewRat(9, 5))
		return k.Add(k, big.NewRat(32, 1)), nil
	case "K":
		return k, nil
	}
	return nil, fmt.Errorf("%q is not a unit of temperature", name)
}
