package oidc

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"malmoi/internal/account"
)

// claims verifies the ID token (signature, issuer, audience, expiry by the
// library; nonce here) and adds what only the userinfo endpoint says.
func (p *Provider) claims(ctx context.Context, op *oidc.Provider, token *oauth2.Token, nonce string) (map[string]any, error) {
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, p.refuse("the answer has no ID token")
	}
	id, err := op.VerifierContext(oidc.ClientContext(ctx, p.cfg.Client), &oidc.Config{ClientID: p.cfg.ClientID, Now: p.cfg.Now}).Verify(ctx, raw)
	if err != nil {
		return nil, p.refuse("the ID token does not hold: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 {
		return nil, p.refuse("the ID token belongs to another sign-in")
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return nil, p.refuse("the access token is not the ID token's: %w", err)
		}
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return nil, p.refuse("the ID token's claims: %w", err)
	}
	if op.UserInfoEndpoint() != "" {
		if err := p.addUserinfo(ctx, op, token, claims, id.Subject); err != nil {
			return nil, err
		}
	}
	claims["sub"] = id.Subject
	return claims, nil
}

// addUserinfo adds claims that the ID token lacks. The endpoint's answer counts
// only if it is about the same subject (OpenID Connect Core 5.3.2).
func (p *Provider) addUserinfo(ctx context.Context, op *oidc.Provider, token *oauth2.Token, claims map[string]any, subject string) error {
	info, err := op.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return fmt.Errorf("%w: oidc: provider %q: userinfo: %w", account.ErrUnavailable, p.cfg.ID, err)
	}
	if info.Subject != subject {
		return p.refuse("userinfo is about another subject")
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return p.refuse("userinfo: %w", err)
	}
	for k, v := range more {
		if _, known := claims[k]; !known {
			claims[k] = v
		}
	}
	return nil
}

// person turns claims into somebody we know or may make.
func (p *Provider) person(claims map[string]any) (account.External, error) {
	text := func(names ...string) string {
		for _, n := range names {
			if s, ok := claims[n].(string); ok && s != "" {
				return cut(s)
			}
		}
		return ""
	}
	x := account.External{Provider: "oidc:" + p.cfg.ID, Subject: claims["sub"].(string), Create: p.cfg.Create}
	x.Name = text("name", "nickname", p.cfg.LoginClaim)
	if verified, said := claims["email_verified"]; !said || verified == true || verified == "true" {
		x.Email = text("email")
	}
	if x.Login = text(p.cfg.LoginClaim); x.Login == "" {
		x.Login, _, _ = strings.Cut(text("email"), "@")
	}
	if p.cfg.GroupClaim == "" {
		return x, nil
	}
	x.Groups = groups(claims, p.cfg.GroupClaim)
	if len(p.cfg.Allow) > 0 && !slices.ContainsFunc(x.Groups, func(g string) bool { return slices.Contains(p.cfg.Allow, g) }) {
		return account.External{}, p.refuse("%q is in no group that may come in", x.Login)
	}
	x.Role = account.MapRole(x.Groups, p.cfg.Roles, p.cfg.Otherwise)
	return x, nil
}

// groups reads the names at path: a list, or one name. A missing claim is no
// group, not an unknown one, so that leaving the last group is noticed.
func groups(claims map[string]any, path string) []string {
	value, ok := claims[path]
	if !ok {
		value = dig(claims, strings.Split(path, "."))
	}
	names := []string{}
	switch v := value.(type) {
	case string:
		names = append(names, cut(v))
	case []any:
		for _, one := range v {
			if s, ok := one.(string); ok && len(names) < maxGroups {
				names = append(names, cut(s))
			}
		}
	}
	return names
}

func dig(v any, path []string) any {
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

// limited is a transport whose answers end after maxAnswer bytes.
type limited struct{ http.RoundTripper }

func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	}
	return resp, err
}
