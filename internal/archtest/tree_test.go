package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"malmoi/internal/golden"
)

// goFile is one parsed file of the repository.
type goFile struct {
	pkg  string // import path without "malmoi/": "internal/num/quant"
	path string
	test bool
	ast  *ast.File
	fset *token.FileSet
}

// files parses every Go file of the module, generators with their own go.mod
// and the UI's node_modules apart.
func files(t *testing.T) []goFile {
	t.Helper()
	root := golden.Root(t)
	var out []goFile
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		out = append(out, goFile{pkg: filepath.ToSlash(rel), path: path, test: strings.HasSuffix(name, "_test.go"), ast: f, fset: fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 50 {
		t.Fatalf("only %d files found under %s", len(out), root)
	}
	return out
}

// imports lists a file's import paths.
func (f goFile) imports() []string {
	var out []string
	for _, i := range f.ast.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		out = append(out, p)
	}
	return out
}

// at is the position of a node for a message.
func (f goFile) at(n ast.Node) string { return f.fset.Position(n.Pos()).String() }
