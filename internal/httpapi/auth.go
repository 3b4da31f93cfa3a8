package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"malmoi/internal/httpapi/wire"
)

// keySet holds the digests of the API keys; the keys themselves are not kept.
type keySet [][sha256.Size]byte

func newKeySet(keys []string) keySet {
	var set keySet
	for _, k := range keys {
		set = append(set, sha256.Sum256([]byte(k)))
	}
	return set
}

// owner is the number of the key that a request came with. What one key
// stores, another does not see.
type owner int

// check is the one path through which every kind of credential goes. Each
// credential that a request carries must be valid, so that no header can
// smuggle in a request that another header would have stopped.
func (set keySet) check(r *http.Request) (owner, *wire.Error) {
	if len(set) == 0 {
		return 0, nil
	}
	found := owner(-1)
	for _, key := range credentials(r) {
		if found = set.find(key); found < 0 {
			return 0, unauthorized("invalid_api_key", "the API key is not valid")
		}
	}
	if found < 0 {
		return 0, unauthorized("missing_api_key", "an API key is needed: send it as Authorization: Bearer KEY or x-api-key: KEY")
	}
	return found, nil
}

// find compares with every key, so that time tells nothing.
func (set keySet) find(key string) owner {
	digest := sha256.Sum256([]byte(key))
	found := -1
	for i := range set {
		equal := subtle.ConstantTimeCompare(digest[:], set[i][:])
		found = subtle.ConstantTimeSelect(equal, i, found)
	}
	return owner(found)
}

// keyHeaders carry a bare key: Anthropic's clients, and CLOVA Studio's older
// ones. Those also send X-NCP-APIGW-API-KEY, which is a key of NAVER's gateway
// and not of the service behind it.
var keyHeaders = []string{"X-Api-Key", "X-Ncp-Clovastudio-Api-Key"}

func credentials(r *http.Request) []string {
	var out []string
	for _, v := range r.Header.Values("Authorization") {
		scheme, key, _ := strings.Cut(v, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			key = "" // never valid
		}
		out = append(out, strings.TrimSpace(key))
	}
	for _, name := range keyHeaders {
		for _, v := range r.Header.Values(name) {
			out = append(out, strings.TrimSpace(v))
		}
	}
	return out
}

func unauthorized(code, message string) *wire.Error {
	return &wire.Error{Status: http.StatusUnauthorized, Type: wire.TypeAuth, Code: code, Message: message}
}
