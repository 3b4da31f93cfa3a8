package jinja

// filterFunc is a filter: it gets the value before the bar and the arguments.
type filterFunc func(in *interp, v Value, a args) Value

// filterOf returns a filter of Jinja2 (tojson as transformers has it), nil if
// there is none of that name.
func filterOf(name string) filterFunc {
	if f := textFilterOf(name); f != nil {
		return f
	}
	switch name {
	case "abs":
		return filterAbs
	case "attr":
		return filterAttr
	case "batch":
		return filterBatch
	case "count", "length":
		return filterLength
	case "d", "default":
		return filterDefault
	case "dictsort":
		return filterDictsort
	case "filesizeformat":
		return filterFilesize
	case "first":
		return filterFirst
	case "float":
		return filterFloat
	case "groupby":
		return filterGroupby
	case "int":
		return filterInt
	case "items":
		return filterItems
	case "last":
		return filterLast
	case "list":
		return filterList
	case "map":
		return filterMap
	case "max":
		return extreme("max", ">")
	case "min":
		return extreme("min", "<")
	case "random":
		return filterRandom
	case "reject":
		return selector("reject", false, false)
	case "rejectattr":
		return selector("rejectattr", true, false)
	case "reverse":
		return filterReverse
	case "round":
		return filterRound
	case "select":
		return selector("select", false, true)
	case "selectattr":
		return selector("selectattr", true, true)
	case "slice":
		return filterSlice
	case "sort":
		return filterSort
	case "sum":
		return filterSum
	case "tojson":
		return filterTojson
	case "unique":
		return filterUnique
	}
	return nil
}

// textFilterOf returns the filters whose result is text.
func textFilterOf(name string) filterFunc {
	switch name {
	case "capitalize":
		return caseFilter(name, Str.capitalize)
	case "center":
		return filterCenter
	case "e", "escape":
		return filterEscape
	case "forceescape":
		return filterForceEscape
	case "format":
		return filterFormat
	case "indent":
		return filterIndent
	case "join":
		return filterJoin
	case "lower":
		return caseFilter(name, Str.lower)
	case "pprint":
		return filterPprint
	case "replace":
		return filterReplace
	case "safe":
		return filterSafe
	case "string":
		return filterString
	case "striptags":
		return filterStriptags
	case "title":
		return caseFilter(name, titleWords)
	case "trim":
		return filterTrim
	case "truncate":
		return filterTruncate
	case "upper":
		return caseFilter(name, Str.upper)
	case "urlencode":
		return filterUrlencode
	case "urlize":
		return filterUrlize
	case "wordcount":
		return filterWordcount
	case "wordwrap":
		return filterWordwrap
	case "xmlattr":
		return filterXmlattr
	}
	return nil
}
