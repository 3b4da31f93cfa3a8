package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"malmoi/internal/catalog"
)

// Hub loads from the Hugging Face hub or a mirror of it.
type Hub struct {
	Web      *Web
	Endpoint string // "https://huggingface.co" if empty; no slash at the end
	Token    string // "" for what everyone may read
	Report   Report
}

// DefaultEndpoint is the hub itself.
const DefaultEndpoint = "https://huggingface.co"

// maxListing bounds the hub's answer about a repository, in bytes.
const maxListing = 32 << 20

// Listing is what the hub says of a repository at one commit.
type Listing struct {
	Repo, Commit string
	Files        []HubFile
	Gated        bool
	Licence      catalog.Licence
}

// HubFile is one file of a repository. Large files are known by SHA256, small
// ones by GitSHA1, the hash git gives their content.
type HubFile struct {
	Path    string
	Bytes   int64 // -1 if the hub does not say
	SHA256  string
	GitSHA1 string

	// MustHash refuses the file if the hub states no hash with it either.
	MustHash bool
}

// rawListing is the JSON of GET /api/models/{repo}/revision/{rev}?blobs=true.
type rawListing struct {
	SHA      string          `json:"sha"`
	Gated    json.RawMessage `json:"gated"` // false, "auto" or "manual"
	CardData struct {
		License     json.RawMessage `json:"license"` // a string, in old cards a list
		LicenseName string          `json:"license_name"`
		LicenseLink string          `json:"license_link"`
	} `json:"cardData"`
	Siblings []struct {
		Name   string `json:"rfilename"`
		Size   *int64 `json:"size"`
		BlobID string `json:"blobId"`
		LFS    *struct {
			SHA256 string `json:"sha256"`
			Size   int64  `json:"size"`
		} `json:"lfs"`
	} `json:"siblings"`
}

func (h *Hub) endpoint() string {
	if h.Endpoint == "" {
		return DefaultEndpoint
	}
	return strings.TrimRight(h.Endpoint, "/")
}

func (h *Hub) header() http.Header {
	if h.Token == "" {
		return nil
	}
	return http.Header{"Authorization": {"Bearer " + h.Token}}
}

// List asks what a repository holds at a revision, "main" if it is "".
func (h *Hub) List(ctx context.Context, repo, revision string) (*Listing, error) {
	if err := catalog.CheckRepo(repo); err != nil {
		return nil, err
	}
	if revision == "" {
		revision = "main"
	}
	address := fmt.Sprintf("%s/api/models/%s/revision/%s?blobs=true", h.endpoint(), repo, url.PathEscape(revision))
	a, err := h.Web.open(ctx, address, h.header())
	if err != nil {
		return nil, fmt.Errorf("hub: %w", err)
	}
	defer a.close()
	if a.StatusCode != http.StatusOK {
		return nil, h.refused(repo, &statusError{a.Request.URL.Host, a.StatusCode, a.Header.Get("X-Error-Code")})
	}
	data, err := io.ReadAll(io.LimitReader(a.body, maxListing+1))
	if err != nil {
		return nil, fmt.Errorf("hub: list of %s: %w", repo, err)
	}
	if len(data) > maxListing {
		return nil, fmt.Errorf("hub: list of %s: more than %d bytes", repo, maxListing)
	}
	return parseListing(repo, data)
}

func parseListing(repo string, data []byte) (*Listing, error) {
	var raw rawListing
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("hub: list of %s: %w: %w", repo, errNoListing, err)
	}
	if !isHex(raw.SHA, 40) {
		return nil, fmt.Errorf("hub: list of %s names no commit: %w", repo, errNoListing)
	}
	l := &Listing{Repo: repo, Commit: raw.SHA}
	l.Gated = len(raw.Gated) > 0 && string(raw.Gated) != "false" && string(raw.Gated) != "null"
	l.Licence = raw.licence(repo)
	for _, s := range raw.Siblings {
		f := HubFile{Path: s.Name, Bytes: -1}
		if s.Size != nil && *s.Size >= 0 {
			f.Bytes = *s.Size
		}
		if s.LFS != nil && catalog.CheckSum(s.LFS.SHA256) == nil {
			f.SHA256 = s.LFS.SHA256
			if s.LFS.Size > 0 {
				f.Bytes = s.LFS.Size
			}
		} else if s.LFS == nil && isHex(s.BlobID, 40) {
			f.GitSHA1 = s.BlobID
		}
		l.Files = append(l.Files, f)
	}
	return l, nil
}

// licence is what the card declares.
func (r rawListing) licence(repo string) catalog.Licence {
	name := strings.Trim(string(r.CardData.License), `"`)
	if name == "other" && r.CardData.LicenseName != "" {
		name = r.CardData.LicenseName
	}
	if len(name) > 100 {
		name = name[:100]
	}
	l := catalog.Licence{Name: name, URL: r.CardData.LicenseLink}
	if !strings.HasPrefix(l.URL, "https://") || len(l.URL) > 500 {
		l.URL = DefaultEndpoint + "/" + repo
	}
	return l
}

func isHex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == ""
}

// refused turns an answer that is no file into what a person can act upon.
func (h *Hub) refused(repo string, err error) error {
	var status *statusError
	if !errors.As(err, &status) {
		return fmt.Errorf("hub: %s: %w", repo, err)
	}
	gated := status.code == "GatedRepo"
	access := &AccessError{Repo: repo, Page: h.endpoint() + "/" + repo, Token: h.Token != "", Gated: gated}
	switch {
	case gated, status.status == http.StatusUnauthorized, status.status == http.StatusForbidden:
		return access
	case status.code == "RevisionNotFound":
		return fmt.Errorf("hub: %s has no such revision: %w", repo, err)
	case status.status == http.StatusNotFound && status.code == "":
		return fmt.Errorf("hub: %s: %w: %w", repo, errNoListing, err)
	case status.status == http.StatusNotFound:
		return fmt.Errorf("hub: %s is not there: %w", repo, err)
	}
	return fmt.Errorf("hub: %s: %w", repo, err)
}

// Plan says what a catalogue entry's hub source would deliver.
func (h *Hub) Plan(ctx context.Context, e catalog.Entry, s catalog.Source) (*Plan, error) {
	l, err := h.List(ctx, s.Repo, s.Revision)
	if errors.Is(err, errNoListing) && e.Pinned() {
		return h.PlanFiles(Unlisted(s.Repo, s.Revision, e.Files)), nil
	}
	if err != nil {
		return nil, err
	}
	chosen, err := choose(l, e, s)
	if err != nil {
		return nil, err
	}
	return h.PlanFiles(l, chosen), nil
}

// choose picks the entry's files out of a listing; where the entry knows hashes
// the hub must have the same.
func choose(l *Listing, e catalog.Entry, s catalog.Source) ([]HubFile, error) {
	var chosen []HubFile
	for _, f := range l.Files {
		if slices.ContainsFunc(s.Include, func(p string) bool { ok, _ := path.Match(p, f.Path); return ok }) {
			chosen = append(chosen, f)
		}
	}
	for _, want := range e.Files {
		i := slices.IndexFunc(l.Files, func(f HubFile) bool { return f.Path == want.Name })
		if i < 0 {
			return nil, fmt.Errorf("hub: %s no longer has %q", l.Repo, want.Name)
		}
		if f := l.Files[i]; f.SHA256 != "" && want.SHA256 != "" && f.SHA256 != want.SHA256 {
			return nil, fmt.Errorf("hub: %s now has another %q: %w", l.Repo, want.Name, ErrWrongContent)
		}
		if !slices.ContainsFunc(chosen, func(f HubFile) bool { return f.Path == want.Name }) {
			chosen = append(chosen, l.Files[i])
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("hub: %s has no file like %v", l.Repo, s.Include)
	}
	return chosen, nil
}

// errNoListing says that a server has no such list, as simple mirrors do that
// only pass files on.
var errNoListing = errors.New("the repository cannot be listed")

// Unlisted stands in for the listing of a hub that has none: the files are
// asked for by name at the revision itself. A file whose hash is not known is
// accepted only if the hub states one with it.
func Unlisted(repo, revision string, files []catalog.File) (*Listing, []HubFile) {
	if revision == "" {
		revision = "main"
	}
	l := &Listing{Repo: repo, Commit: revision}
	l.Licence = catalog.Licence{URL: DefaultEndpoint + "/" + repo}
	for _, f := range files {
		l.Files = append(l.Files, HubFile{Path: f.Name, Bytes: f.Bytes, SHA256: f.SHA256, MustHash: true})
	}
	return l, l.Files
}

// PlanFiles plans the fetch of some files of a listing.
func (h *Hub) PlanFiles(l *Listing, files []HubFile) *Plan {
	p := &Plan{Label: "hub:" + l.Repo + "@" + l.Commit[:min(12, len(l.Commit))], Licence: l.Licence}
	byName := map[string]HubFile{}
	for _, f := range files {
		p.Files = append(p.Files, catalog.File{Name: f.Path, Bytes: f.Bytes, SHA256: f.SHA256})
		byName[f.Path] = f
	}
	p.Key = func(f catalog.File) string { return "hub " + l.Repo + " " + l.Commit + " " + f.Name }
	p.Fetch = func(ctx context.Context, f catalog.File, to Sink) error {
		return h.fetch(ctx, l, byName[f.Name], to)
	}
	return p
}

// fetch loads one file. The commit in its address makes the content immutable,
// so that going on later is safe.
func (h *Hub) fetch(ctx context.Context, l *Listing, f HubFile, to Sink) error {
	address := fmt.Sprintf("%s/%s/resolve/%s/%s", h.endpoint(), l.Repo, url.PathEscape(l.Commit), escapePath(f.Path))
	marks, err := h.Web.download(ctx, address, h.header(), f.Bytes, to, func(done, total int64) {
		h.Report.event(Event{File: f.Path, Done: done, Total: total})
	})
	if err != nil {
		return h.refused(l.Repo, err)
	}
	return checkMarks(l.Repo, f, marks, to)
}

func escapePath(p string) string {
	parts := strings.Split(p, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// event reports to whoever listens.
func (r Report) event(e Event) {
	if r != nil {
		r(e)
	}
}
