package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"malmoi/internal/app"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/safety/pii"
	"malmoi/internal/upstream"
)

// far is another malmoi, on a port of its own and reached by HTTP as 'serve
// --upstream gpu=URL' reaches it. It can die and come back.
type far struct {
	models *models
	site   *app.Site
	server *http.Server
	conns  *conns
	set    *upstream.Set
	down   atomic.Bool
}

// farSetting is what a reset says of the other server.
type farSetting struct {
	Mask bool `json:"mask"` // personal numbers are hidden in what is sent there
}

// farKey is the key to the other server: what shows it is wrong.
const farKey = "sk-far-canary-5520"

// farModel is what the other server has.
var farModel = wire.Model{
	Name: "haechi-70b", Title: "해치 70B", Parameters: "70B", Context: 131072, Licence: "Apache-2.0", Chat: true, Tools: true, Loaded: true,
}

func newFar(ctx context.Context, database string, s farSetting, delay time.Duration) (*far, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &far{models: newModels([]wire.Model{farModel}, delay), conns: &conns{open: map[net.Conn]bool{}}}
	f.site, err = app.Open(ctx, app.Config{
		Listen: ln.Addr().String(), Database: database, Mode: app.Single, APIKeys: []string{farKey}, Version: "0.0.0-far",
	}, f.models)
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	f.server = &http.Server{Handler: f, ReadHeaderTimeout: 10 * time.Second, ConnState: f.conns.note}
	go f.server.Serve(ln)
	f.set, err = upstream.New([]upstream.Config{{
		Name: "gpu", URLs: []string{"http://" + ln.Addr().String()}, Key: farKey, Mask: s.Mask,
	}}, upstream.Options{Probe: time.Second, Mask: pii.Mask})
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	f.set.Refresh(ctx)
	return f, nil
}

// ServeHTTP implements http.Handler. A dead server takes connections as a
// proxy before it would, and says nothing.
func (f *far) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.down.Load() {
		panic(http.ErrAbortHandler)
	}
	f.site.Server.Handler().ServeHTTP(w, r)
}

// fall makes the server die, with all its open connections, or come back.
func (f *far) fall(down bool) error {
	if f == nil {
		return errors.New("this site has no upstream: reset it with one")
	}
	f.down.Store(down)
	if down {
		f.conns.cut()
	}
	return nil
}

// seen are the requests that the other server's model got.
func (f *far) seen() []request {
	if f == nil {
		return []request{}
	}
	return f.models.seen()
}

func (f *far) close() error {
	var err error
	if f.set != nil {
		err = f.set.Close()
	}
	return errors.Join(err, f.server.Close(), f.site.Close())
}
