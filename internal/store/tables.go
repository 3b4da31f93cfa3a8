package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A table as it goes into a backup or to another database: its columns by name
// and what they hold, the same whichever database it lies in.
type table struct {
	Name    string   `json:"name"`
	Columns []column `json:"columns"`
}

// kind is what a column holds once the databases' own types are out of sight.
// A boolean is the integer 0 or 1, JSON is text.
type kind string

const (
	integerKind kind = "integer" // 64 bits
	realKind    kind = "real"
	textKind    kind = "text"
	blobKind    kind = "blob"
)

type column struct {
	Name string `json:"name"`
	Kind kind   `json:"kind"`
	// native is the type in the database that was asked.
	native string
}

// notCarried are tables that a copy of a site does without: which processes
// run, and what a search looks up, which is made again from the messages.
var notCarried = []string{"nodes", "message_terms"}

// kinds of the types that our schemas use. "" is a column that is derived from
// others and left out.
var kinds = map[Dialect]map[string]kind{
	SQLite: {
		"integer": integerKind, "int": integerKind, "bigint": integerKind, "boolean": integerKind,
		"real": realKind, "text": textKind, "blob": blobKind,
	},
	Postgres: {
		"int2": integerKind, "int4": integerKind, "int8": integerKind, "bool": integerKind,
		"float4": realKind, "float8": realKind, "text": textKind, "varchar": textKind,
		"json": textKind, "jsonb": textKind, "bytea": blobKind, "tsvector": "",
	},
}

// tables lists what a copy carries, in order of name. Virtual tables, their
// shadows and generated columns are derived and left out.
func tables(ctx context.Context, q Q) ([]table, error) {
	query := `SELECT t.name, c.name, lower(c.type) FROM pragma_table_list t, pragma_table_xinfo(t.name) c
		WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND c.hidden = 0
		ORDER BY t.name, c.cid`
	if q.dialect == Postgres {
		query = `SELECT c.table_name::text, c.column_name::text, c.udt_name::text FROM information_schema.columns c
			JOIN information_schema.tables t USING (table_schema, table_name)
			WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
			ORDER BY c.table_name::text COLLATE "C", c.ordinal_position`
	}
	rows, err := q.Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("store: list tables: %w", err)
	}
	defer rows.Close()
	var out []table
	for rows.Next() {
		var name string
		var c column
		if err := rows.Scan(&name, &c.Name, &c.native); err != nil {
			return nil, fmt.Errorf("store: list tables: %w", err)
		}
		if name == "goose_db_version" || slices.Contains(notCarried, name) {
			continue
		}
		k, known := kinds[q.dialect][c.native]
		if !known {
			return nil, fmt.Errorf("store: column %s.%s has type %q, which a copy cannot carry", name, c.Name, c.native)
		}
		if k == "" {
			continue
		}
		c.Kind = k
		if len(out) == 0 || out[len(out)-1].Name != name {
			out = append(out, table{Name: name})
		}
		last := &out[len(out)-1]
		last.Columns = append(last.Columns, c)
	}
	return out, rows.Err()
}

// names are the columns' names, in order.
func (t table) names() []string {
	out := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		out[i] = c.Name
	}
	return out
}

// matching returns the table of the same name in list with its columns in the
// order of t, or an error that says what does not fit.
func (t table) matching(list []table) (table, error) {
	i := slices.IndexFunc(list, func(o table) bool { return o.Name == t.Name })
	if i < 0 {
		return table{}, fmt.Errorf("store: the schema has no table %q", t.Name)
	}
	out := table{Name: t.Name}
	for _, c := range t.Columns {
		j := slices.IndexFunc(list[i].Columns, func(o column) bool { return o.Name == c.Name })
		if j < 0 || list[i].Columns[j].Kind != c.Kind {
			return table{}, fmt.Errorf("store: table %q of the schema has no %s column %q", t.Name, c.Kind, c.Name)
		}
		out.Columns = append(out.Columns, list[i].Columns[j])
	}
	if len(list[i].Columns) != len(t.Columns) {
		return table{}, fmt.Errorf("store: table %q has %d columns, the schema's has %d", t.Name, len(t.Columns), len(list[i].Columns))
	}
	return out, nil
}

// quote makes an identifier of a name.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
