package clova

import "strings"

// ModelName reports whether a name is one of CLOVA Studio's chat models,
// which a local model stands in for.
func ModelName(name string) bool {
	return strings.HasPrefix(name, "HCX-") || strings.HasPrefix(name, "LK-")
}

// EmbeddingV2 is the model behind the path embedding/v2.
const EmbeddingV2 = "bge-m3"

// EmbeddingName reports whether a name is one of its embedding models.
func EmbeddingName(name string) bool {
	return name == "clir-emb-dolphin" || name == "clir-sts-dolphin" || name == EmbeddingV2
}
