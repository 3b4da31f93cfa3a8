package web

import (
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// document is what a person would read of a page.
type document struct{ title, text string }

// maxDepth bounds the nesting that is followed.
const maxDepth = 600

// readable takes the text out of HTML. Where the page marks its main part and
// that holds a good share of the text, only that is taken.
func readable(source, base string, links bool) (document, error) {
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return document{}, fmt.Errorf("the page's HTML cannot be read: %w", err)
	}
	address, _ := url.Parse(base)
	d := document{title: oneLine(titleOf(root))}
	w := &writer{base: address, links: links}
	w.node(root, 0)
	d.text = w.text()
	if main := mainPart(root); main != nil {
		m := &writer{base: address, links: links}
		m.node(main, 0)
		if t := m.text(); len(t)*3 >= len(d.text) {
			d.text = t
		}
	}
	return d, nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func titleOf(root *html.Node) string {
	for n := range root.Descendants() {
		if n.DataAtom == atom.Title && n.FirstChild != nil && n.Namespace == "" {
			return n.FirstChild.Data
		}
	}
	return ""
}

// mainPart is the one <main> or <article> of a page, nil where there is none or
// there are several.
func mainPart(root *html.Node) *html.Node {
	var article *html.Node
	articles := 0
	for n := range root.Descendants() {
		if n.DataAtom == atom.Main {
			return n
		}
		if n.DataAtom == atom.Article {
			article, articles = n, articles+1
		}
	}
	if articles == 1 {
		return article
	}
	return nil
}

// unread are elements whose content is no text of the page.
var unread = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Noscript: true, atom.Template: true, atom.Svg: true, atom.Math: true, atom.Iframe: true, atom.Object: true,
	atom.Head: true, atom.Nav: true, atom.Select: true, atom.Button: true, atom.Canvas: true, atom.Audio: true, atom.Video: true, atom.Dialog: true,
}

// blocks are elements that begin and end a line; those with 2 a paragraph.
var blocks = map[atom.Atom]int{
	atom.P: 2, atom.Div: 1, atom.Section: 2, atom.Article: 2, atom.Main: 2, atom.Header: 2, atom.Footer: 2, atom.Aside: 2, atom.Blockquote: 2, atom.Pre: 2,
	atom.H1: 2, atom.H2: 2, atom.H3: 2, atom.H4: 2, atom.H5: 2, atom.H6: 2, atom.Ul: 2, atom.Ol: 2, atom.Li: 1, atom.Dl: 2, atom.Dt: 1, atom.Dd: 1,
	atom.Table: 2, atom.Tr: 1, atom.Caption: 1, atom.Figure: 2, atom.Figcaption: 1, atom.Form: 1, atom.Fieldset: 1, atom.Hr: 2, atom.Address: 1, atom.Details: 1, atom.Summary: 1,
}

var before = map[atom.Atom]string{
	atom.H1: "# ", atom.H2: "## ", atom.H3: "### ", atom.H4: "#### ", atom.H5: "##### ", atom.H6: "###### ", atom.Li: "- ", atom.Blockquote: "> ",
}

// hidden reports whether browsers do not show an element. It covers attributes
// and inline styles; style sheets are not read.
func hidden(n *html.Node) bool {
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return true
		case "aria-hidden":
			if strings.EqualFold(a.Val, "true") {
				return true
			}
		case "style":
			s := strings.ToLower(strings.Join(strings.Fields(a.Val), "")) + ";"
			if strings.Contains(s, "display:none") || strings.Contains(s, "visibility:hidden") || strings.Contains(s, "font-size:0;") || strings.Contains(s, "font-size:0px;") || strings.Contains(s, "opacity:0;") {
				return true
			}
		}
	}
	return false
}

// writer lays out the text of nodes.
type writer struct {
	b     strings.Builder
	base  *url.URL
	links bool
	lines int  // line ends that the next word wants before it
	gap   bool // the next word wants a space before it
	pre   bool
}

func (w *writer) node(n *html.Node, depth int) {
	if n.Type == html.TextNode {
		w.words(n.Data)
		return
	}
	if depth > maxDepth || n.Type == html.ElementNode && (unread[n.DataAtom] || hidden(n)) {
		return
	}
	w.line(blocks[n.DataAtom])
	switch n.DataAtom {
	case atom.Br:
		w.line(1)
	case atom.Td, atom.Th:
		if n.PrevSibling != nil && w.lines == 0 {
			w.words(" | ")
		}
	case atom.Img:
		w.words(attribute(n, "alt"))
	}
	if mark := before[n.DataAtom]; mark != "" {
		w.flush()
		w.b.WriteString(mark)
	}
	pre := w.pre
	w.pre = pre || n.DataAtom == atom.Pre
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.node(c, depth+1)
	}
	w.pre = pre
	if n.DataAtom == atom.A && w.links {
		w.link(attribute(n, "href"))
	}
	w.line(blocks[n.DataAtom])
}

func (w *writer) line(n int) {
	if n > w.lines {
		w.lines = n
	}
}

// flush writes the space that stands before the next word.
func (w *writer) flush() {
	switch {
	case w.b.Len() == 0:
	case w.lines > 0:
		w.b.WriteString("\n\n"[:w.lines])
	case w.gap:
		w.b.WriteByte(' ')
	}
	w.lines, w.gap = 0, false
}

func (w *writer) words(text string) {
	if w.pre {
		if strings.TrimSpace(text) != "" {
			w.flush()
			w.b.WriteString(strings.Trim(text, "\n"))
		}
		return
	}
	fields := strings.Fields(text)
	if len(fields) == 0 {
		w.gap = w.gap || text != ""
		return
	}
	w.gap = w.gap || strings.TrimLeft(text, " \t\n\f") != text
	w.flush()
	w.b.WriteString(strings.Join(fields, " "))
	w.gap = strings.TrimRight(text, " \t\n\f") != text
}

// link writes where a link leads, if that is another page.
func (w *writer) link(href string) {
	u, err := url.Parse(href)
	if err != nil || href == "" || strings.HasPrefix(href, "#") {
		return
	}
	if w.base != nil {
		u = w.base.ResolveReference(u)
	}
	if u.Scheme == "http" || u.Scheme == "https" {
		w.words(" (" + u.String() + ") ")
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func (w *writer) text() string {
	lines := strings.Split(w.b.String(), "\n")
	out := lines[:0]
	for _, l := range lines {
		l = strings.TrimRight(l, " \t")
		switch strings.TrimSpace(l) {
		case "-", "#", "##", "###", "####", ">": // a mark before nothing
			continue
		}
		if l == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, l)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}
