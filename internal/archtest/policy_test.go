package archtest

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// only lists where a package outside the module's own may be imported by code
// that ships, each with its reason.
var only = map[string]struct {
	where  []string
	reason string
}{
	"unsafe":       {[]string{"internal/num"}, "pointers into packed memory stay in the numeric rooms"},
	"C":            {nil, "one static binary: no cgo"},
	"os/exec":      {[]string{"internal/catalog", "internal/store/storetest", "internal/skill/mcp"}, "only the package index client, test servers and the tool servers that an administrator configured are processes"},
	"net/http":     {[]string{"internal/httpapi", "internal/webui", "internal/catalog", "internal/cli", "internal/app", "internal/account/oidc", "internal/blob", "internal/upstream", "internal/guard", "internal/skill"}, "everything else is reachable without a network"},
	"database/sql": {[]string{"internal/store"}, "rows are the store's business"},
}

func TestImportsStayWhereTheyBelong(t *testing.T) {
	for _, f := range files(t) {
		if f.test || !strings.HasPrefix(f.pkg, "internal/") {
			continue
		}
		for _, imp := range f.imports() {
			rule, ok := only[imp]
			if ok && !slices.ContainsFunc(rule.where, func(w string) bool { return covers(w, f.pkg) }) {
				t.Errorf("%s imports %s: %s", f.path, imp, rule.reason)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	docs := map[string]int{}
	for _, f := range files(t) {
		if f.test {
			continue
		}
		if _, seen := docs[f.pkg]; !seen {
			docs[f.pkg] = 0
		}
		if f.ast.Doc != nil && len(f.ast.Doc.Text()) > 40 {
			docs[f.pkg]++
		}
	}
	for pkg, n := range docs {
		if n != 1 {
			t.Errorf("%s has %d package comments, wants one that says what it is and what it does not know", pkg, n)
		}
	}
}

// initAllowed lists the packages that may register themselves in init.
var initAllowed = []string{"internal/num/cpu"}

func TestNoInitAndNoEnvironment(t *testing.T) {
	for _, f := range files(t) {
		if f.test {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" && !slices.Contains(initAllowed, f.pkg) {
					t.Errorf("%s: init runs before anyone asked", f.at(n))
				}
			case *ast.SelectorExpr:
				x, ok := n.X.(*ast.Ident)
				if !ok || f.pkg == "internal/cli" || f.pkg == "cmd/malmoi" || f.pkg == "internal/golden" || f.pkg == "web/e2e/server" || f.pkg == "load" || f.pkg == "internal/store/storetest" {
					return true
				}
				name := x.Name + "." + n.Sel.Name
				if slices.Contains([]string{"os.Getenv", "os.LookupEnv", "os.Environ", "flag.Parse", "os.Args"}, name) {
					t.Errorf("%s: %s outside cli", f.at(n), name)
				}
			}
			return true
		})
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, f := range files(t) {
		if f.test || !strings.HasPrefix(f.pkg, "internal/") {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if ok && fn.Name.IsExported() && fn.Doc == nil && exportedReceiver(fn) && !obvious[fn.Name.Name] {
				t.Errorf("%s: %s has no comment", f.at(fn), fn.Name.Name)
			}
		}
	}
}

// obvious names methods whose interface documents them.
var obvious = map[string]bool{"Error": true, "Unwrap": true, "String": true, "Len": true, "Run": true, "Forward": true, "Close": true, "ServeHTTP": true, "MarshalJSON": true, "UnmarshalJSON": true, "Is": true, "As": true}

func exportedReceiver(fn *ast.FuncDecl) bool {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return true
	}
	typ := fn.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported()
}
