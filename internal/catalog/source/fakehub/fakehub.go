// Package fakehub is a hub on the loopback for tests: it lists repositories and
// serves their files the way the real one does, through a redirect to a storage
// server on another port, and it can be told to misbehave. It is not part of
// the program and knows nothing of what is stored.
package fakehub

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Commit is the commit that every repository is at.
const Commit = "0123456789abcdef0123456789abcdef01234567"

// Repo is a repository: its files by path.
type Repo struct {
	Files   map[string][]byte
	LFS     map[string]bool // which of them are large; nil means all of *.gguf and *.safetensors
	Gated   bool
	Token   string // which token may read it, if it is gated
	Licence string
}

// Hub is the server. Change the exported fields only between requests.
type Hub struct {
	URL     string // of the hub
	Storage string // of the storage server it redirects to

	mu       sync.Mutex
	repos    map[string]*Repo
	requests []Request

	// Cut limits the body of the n-th file answer (from 0); -1 does not.
	Cut func(n int) int
	// Version is part of the ETag; change it to make a file another one.
	Version string
	// IgnoreRange answers every request with the whole file.
	IgnoreRange bool
	// Corrupt flips a bit of what is served.
	Corrupt bool
	// Hang answers nothing: "api", "file" or "body" (after half of it).
	Hang string
	// Status is answered by the storage server instead of a file, if not 0.
	Status int
	// HideHashes leaves SHA-256 out of listings, as simple mirrors do.
	HideHashes bool
	// NoList answers 404 to requests for a list, and takes "main" for a commit.
	NoList bool
	// HideEtag leaves the hash out of redirects.
	HideEtag bool

	answers int
	release chan struct{}
}

// Request is what a client asked for.
type Request struct {
	Server string // "hub" or "storage"
	Path   string
	Header http.Header
}

// New starts a hub; the test's end stops it.
func New(t testing.TB, repos map[string]*Repo) *Hub {
	h := &Hub{repos: repos, Version: "1", release: make(chan struct{})}
	storage := httptest.NewServer(http.HandlerFunc(h.serveStorage))
	h.Storage = storage.URL // before the hub starts, which reads it
	hub := httptest.NewServer(http.HandlerFunc(h.serveHub))
	h.URL = hub.URL
	t.Cleanup(func() {
		close(h.release)
		hub.CloseClientConnections()
		storage.CloseClientConnections()
		hub.Close()
		storage.Close()
	})
	return h
}

// Requests lists what was asked for so far.
func (h *Hub) Requests() []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Request(nil), h.requests...)
}

func (h *Hub) log(server string, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, Request{server, r.URL.Path, r.Header.Clone()})
}

// wait blocks until the client or the test gives up.
func (h *Hub) wait(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-h.release:
	case <-time.After(time.Minute):
	}
}

func (r *Repo) large(name string) bool {
	if r.LFS != nil {
		return r.LFS[name]
	}
	return strings.HasSuffix(name, ".gguf") || strings.HasSuffix(name, ".safetensors")
}

func (h *Hub) serveHub(w http.ResponseWriter, r *http.Request) {
	h.log("hub", r)
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(parts) >= 6 && parts[0] == "api" && parts[1] == "models" && parts[4] == "revision":
		if h.Hang == "api" {
			h.wait(r)
			return
		}
		if h.NoList {
			http.NotFound(w, r)
			return
		}
		h.list(w, parts[2]+"/"+parts[3], parts[5])
	case len(parts) >= 5 && parts[2] == "resolve":
		if h.Hang == "file" {
			h.wait(r)
			return
		}
		h.resolve(w, r, parts[0]+"/"+parts[1], parts[3], strings.Join(parts[4:], "/"))
	default:
		http.NotFound(w, r)
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Error-Code", code)
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":%q}`, code)
}

func (h *Hub) list(w http.ResponseWriter, name, revision string) {
	repo, ok := h.repos[name]
	if !ok {
		refuse(w, http.StatusUnauthorized, "RepoNotFound")
		return
	}
	if revision != "main" && revision != Commit {
		refuse(w, http.StatusNotFound, "RevisionNotFound")
		return
	}
	type sibling = map[string]any
	list := []sibling{}
	for path, data := range repo.Files {
		s := sibling{"rfilename": path, "size": len(data), "blobId": gitSHA1(data)}
		if repo.large(path) && !h.HideHashes {
			s["lfs"] = map[string]any{"sha256": SHA256(data), "size": len(data), "pointerSize": 134}
		}
		if h.HideHashes {
			delete(s, "blobId")
		}
		list = append(list, s)
	}
	gated := any(false)
	if repo.Gated {
		gated = "manual"
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"sha": Commit, "gated": gated, "siblings": list,
		"cardData": map[string]any{"license": repo.Licence},
	})
}

func (h *Hub) resolve(w http.ResponseWriter, r *http.Request, name, revision, path string) {
	repo, ok := h.repos[name]
	if !ok {
		refuse(w, http.StatusUnauthorized, "RepoNotFound")
		return
	}
	if repo.Gated && (repo.Token == "" || r.Header.Get("Authorization") != "Bearer "+repo.Token) {
		status := http.StatusUnauthorized
		if r.Header.Get("Authorization") != "" {
			status = http.StatusForbidden
		}
		refuse(w, status, "GatedRepo")
		return
	}
	data, ok := repo.Files[path]
	if !ok || revision != Commit && !h.NoList {
		refuse(w, http.StatusNotFound, "EntryNotFound")
		return
	}
	w.Header().Set("X-Repo-Commit", Commit)
	if repo.large(path) {
		if !h.HideEtag {
			w.Header().Set("X-Linked-Etag", `"`+SHA256(data)+`"`)
		}
		w.Header().Set("X-Linked-Size", fmt.Sprint(len(data)))
		http.Redirect(w, r, h.Storage+"/"+name+"/"+path, http.StatusFound)
		return
	}
	w.Header().Set("ETag", `"`+gitSHA1(data)+`"`)
	h.file(w, r, data)
}

func (h *Hub) serveStorage(w http.ResponseWriter, r *http.Request) {
	h.log("storage", r)
	if h.Status != 0 {
		w.WriteHeader(h.Status)
		return
	}
	parts := strings.SplitN(strings.Trim(r.URL.Path, "/"), "/", 3)
	if len(parts) < 3 || h.repos[parts[0]+"/"+parts[1]] == nil {
		http.NotFound(w, r)
		return
	}
	data, ok := h.repos[parts[0]+"/"+parts[1]].Files[parts[2]]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", `"`+SHA256(data)[:16]+"-"+h.Version+`"`)
	h.file(w, r, data)
}

// file answers with the data or a range of them, cut, corrupted or stopped as
// the test wishes.
func (h *Hub) file(w http.ResponseWriter, r *http.Request, data []byte) {
	h.mu.Lock()
	n := h.answers
	h.answers++
	h.mu.Unlock()
	if h.Corrupt && len(data) > 0 {
		data = append([]byte(nil), data...)
		data[len(data)/2] ^= 1
	}
	from, status := 0, http.StatusOK
	if rg := r.Header.Get("Range"); rg != "" && !h.IgnoreRange {
		if v := r.Header.Get("If-Range"); v == "" || v == w.Header().Get("ETag") {
			_, _ = fmt.Sscanf(rg, "bytes=%d-", &from)
			status = http.StatusPartialContent
		}
	}
	if from >= len(data) && status == http.StatusPartialContent {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", len(data)))
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return
	}
	if status == http.StatusPartialContent {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(data)-1, len(data)))
	}
	body := data[from:]
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	if h.Hang == "body" {
		_, _ = w.Write(body[:len(body)/2])
		w.(http.Flusher).Flush()
		h.wait(r)
		return
	}
	if h.Cut != nil {
		if cut := h.Cut(n); cut >= 0 && cut < len(body) {
			_, _ = w.Write(body[:cut])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler) // the connection breaks
		}
	}
	_, _ = w.Write(body)
}

// SHA256 is the hash of data in hexadecimal.
func SHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func gitSHA1(data []byte) string {
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}
