package sample

// random returns 64 random bits for token number index of a request. It is a
// function of its arguments and nothing else, so a request that is preempted,
// batched differently or verified speculatively draws the same numbers.
// Two rounds of the splitmix64 finaliser (Steele, Lea, Flood 2014), the counter
// entering between them.
func random(seed, index uint64) uint64 {
	return mix(mix(seed+0x9e3779b97f4a7c15) + index*0x9e3779b97f4a7c15)
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
