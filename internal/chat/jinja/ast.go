package jinja

// expr is an expression; stmt is a statement.
type (
	expr interface{}
	stmt interface{}
)

// Expressions.
type (
	constExpr struct{ v Value }
	nameExpr  struct {
		name  string
		line  int
		store bool // an assignment target
		ref   ref  // where it lives, filled by the resolver
	}
	nsRef struct { // ns.attr as an assignment target
		ns   *nameExpr
		attr string
	}
	listExpr  struct{ items []expr }
	tupleExpr struct{ items []expr }
	dictExpr  struct{ keys, vals []expr }
	attrExpr  struct {
		obj  expr
		name string
	}
	itemExpr struct{ obj, key expr }
	sliceKey struct{ start, stop, step expr } // nil parts are None
	callArgs struct {
		pos     []expr
		kw      []kwExpr
		dyn     expr // *args
		dynKw   expr // **kwargs
		line    int
		hasArgs bool // parentheses were written
	}
	kwExpr struct {
		name string
		val  expr
	}
	callExpr struct {
		fn   expr
		args callArgs
	}
	filterExpr struct {
		arg  expr // nil: the block's content
		name string
		fn   filterFunc // nil: unknown
		args callArgs
	}
	testExpr struct {
		arg  expr
		name string
		fn   testFunc
		args callArgs
	}
	notExpr   struct{ x expr }
	unaryExpr struct {
		op string
		x  expr
	}
	binExpr struct {
		op   string
		l, r expr
		line int
		// negated: the reference writes a constant base into Python code
		// without parentheses, so that -2 ** n means -(2 ** n).
		negated bool
	}
	andExpr    struct{ l, r expr }
	orExpr     struct{ l, r expr }
	concatExpr struct {
		parts []expr
		auto  autoMode
	}
	compareExpr struct {
		first expr
		ops   []string
		rest  []expr
	}
	condExpr struct {
		test, yes, no expr // no may be nil
		line          int
	}
)

// Statements.
type (
	dataStmt   struct{ text Str }
	outputStmt struct {
		x    expr
		line int
		auto autoMode
	}
	ifStmt struct {
		tests  []expr
		bodies [][]stmt
		other  []stmt
	}
	forStmt struct {
		target    expr
		iter      expr
		test      expr
		recursive bool
		body      []stmt
		other     []stmt
		line      int

		frame, elseFrame, testFrame *frameInfo
		loopRef                     *ref    // the loop variable, nil if unused
		testFn                      *fnInfo // the function of the filter
		testTarget                  expr    // target, resolved inside testFn
		bodyFn                      *fnInfo // recursive loops only
	}
	setStmt struct {
		target expr
		val    expr
		names  []string // stored at top level, visible to blocks
		line   int
	}
	setBlock struct {
		target expr
		filter *filterExpr
		body   []stmt
		frame  *frameInfo
		names  []string
		line   int
	}
	withStmt struct {
		targets []expr
		vals    []expr
		body    []stmt
		frame   *frameInfo
	}
	macroStmt struct {
		def    *macroDef
		target *nameExpr
		top    bool
	}
	callStmt struct {
		def  *macroDef
		call *callExpr
		line int
	}
	filterStmt struct {
		filter *filterExpr
		body   []stmt
		frame  *frameInfo
		line   int
	}
	autoStmt struct {
		val   expr
		body  []stmt
		frame *frameInfo
	}
	blockStmt struct {
		name   string
		scoped bool
		body   []stmt
		fn     *fnInfo
		frame  *frameInfo
		self   *ref
		line   int
	}
	failStmt     struct{ kind, msg string } // refused at run time
	breakStmt    struct{ line int }
	continueStmt struct{ line int }
)

// macroDef is the body of a macro or of a call block.
type macroDef struct {
	name     string // "" for a call block
	params   []*nameExpr
	defaults []expr // of the last parameters
	body     []stmt
	line     int

	fn                      *fnInfo
	frame                   *frameInfo
	caller, kwargs, varargs *ref // nil if the body does not read them
	explicitCaller          bool
	catchCaller             bool
}

// autoMode says whether output at a place is HTML-escaped.
type autoMode uint8

const (
	autoOff autoMode = iota
	autoOn
	autoDynamic
)
