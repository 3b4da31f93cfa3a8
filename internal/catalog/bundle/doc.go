// Package bundle carries installed models, their licences and this program in
// one file into a network that reaches nothing.
//
// A bundle is a tar file, so that anyone can look into it and take the program
// out before malmoi is there (tar -xf FILE bin/malmoi). Its first member is an
// index that names every other member with size and SHA-256, in order. Install
// follows the index to the letter: another member, order, size or hash is an
// error, and nothing becomes visible before the last byte was checked.
package bundle
