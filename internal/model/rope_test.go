package model_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"malmoi/internal/model"
)

// TestRopeVariants runs one checkpoint's weights under every kind of rotary
// scaling, in both places where configurations keep the parameters.
func TestRopeVariants(t *testing.T) {
	dir := filepath.Join("testdata", "tiny", "llama")
	v := readVectors(t, dir)
	if len(v.Variants) < 4 {
		t.Fatalf("%d variants", len(v.Variants))
	}
	for _, variant := range v.Variants {
		for _, key := range []string{"rope_parameters", "rope_scaling"} {
			t.Run(variant.Name+"/"+key, func(t *testing.T) {
				config := readConfig(t, dir)
				delete(config, "rope_scaling")
				config[key] = variant.Rope
				if key == "rope_scaling" {
					config["rope_theta"] = variant.Rope["rope_theta"]
				}
				m := open(t, reconfigured(t, dir, config), model.Options{Threads: 1, Exact: true})
				checkModel(t, m, dir, variant.Prompts)
			})
		}
	}
}

func readConfig(t testing.TB, dir string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	config := map[string]any{}
	if err := json.Unmarshal(data, &config); err != nil {
		t.Fatal(err)
	}
	return config
}

// reconfigured returns a folder with the weights of dir and another config.json.
func reconfigured(t testing.TB, dir string, config map[string]any) string {
	t.Helper()
	out := t.TempDir()
	data, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	weights, err := os.ReadFile(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"config.json": data, "model.safetensors": weights} {
		if err := os.WriteFile(filepath.Join(out, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
