// Package model loads a network: it reads the hyper-parameters, packs the
// tensors and returns something that can be stepped. What differs between
// families is in model/families, one small file each.
//
// It does not know tokens' meaning, templates or scheduling. Load may be called
// from any goroutine; a Model is stepped by one at a time.
package model
