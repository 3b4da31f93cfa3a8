package main

func weighs() {}
func acts()   {}
func vecs()   {}
