// Package clova holds the wire format of CLOVA Studio's HTTP API: its
// envelope, chat completions v1 and v3, the older completions, embeddings and
// the text tools. It turns requests into those of package llm and events into
// CLOVA's. It knows neither HTTP handlers nor which local model stands behind
// a name such as HCX-005.
//
// Sources: the API pages of NAVER Cloud (api.ncloud-docs.com, clovastudio-*)
// and the clients langchain-naver and langchain-community.
package clova
