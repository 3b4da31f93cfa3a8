// Program op is a real OpenID provider for the tests of package oidc: the
// example server of github.com/zitadel/oidc with users from a file and a claim
// "groups". It has its own module, so that nothing of it is linked into malmoi.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// withGroups adds the claim to what the example's storage says of a user.
type withGroups struct {
	*storage.Storage
	groups map[string][]string // by user id
}

func (s withGroups) SetUserinfoFromRequest(ctx context.Context, info *oidc.UserInfo, token op.IDTokenRequest, scopes []string) error {
	if err := s.Storage.SetUserinfoFromRequest(ctx, info, token, scopes); err != nil {
		return err
	}
	info.AppendClaims("groups", s.groups[token.GetSubject()])
	return nil
}

func (s withGroups) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, tokenID, subject, origin string) error {
	if err := s.Storage.SetUserinfoFromToken(ctx, info, tokenID, subject, origin); err != nil {
		return err
	}
	info.AppendClaims("groups", s.groups[subject])
	return nil
}

// main takes a file of users, a file of groups and the address to go back to,
// and prints the issuer when it listens.
func main() {
	if err := serve(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(users, groups, redirect string) error {
	store, err := storage.StoreFromFile(users)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(groups)
	if err != nil {
		return err
	}
	s := withGroups{Storage: storage.NewStorage(store)}
	if err := json.Unmarshal(data, &s.groups); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	issuer := fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	storage.RegisterClients(storage.WebClient("malmoi", "secret", redirect))
	handler := exampleop.SetupServer(issuer, s, slog.New(slog.NewTextHandler(os.Stderr, nil)), false)
	fmt.Println(issuer)
	return http.Serve(listener, handler)
}
