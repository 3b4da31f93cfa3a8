// Package sample turns one row of logits into one token.
//
// A request owns a State (its parameters and what it has seen), the engine
// owns one Sampler (scratch memory); Sampler.Sample joins them. The steps, in
// this order:
//
//  1. the constraint's mask: tokens not allowed take no part;
//  2. logit bias, added;
//  3. penalties over prompt and output, or their last PenaltyWindow tokens:
//     repetition first (a positive logit is divided, a negative multiplied),
//     then minus frequency·count, then minus presence;
//  4. temperature 0: the greatest logit, the lowest id among equals. Otherwise
//     tokens are ordered by logit descending, id ascending, and each weighs
//     w = ⌊2^40·exp((x−max)/temperature)⌋ ≤ 2^40;
//  5. top-k keeps the first k; top-p the shortest start of what is left whose
//     weight is at least p of the whole; min-p those with exp((x−max)/T) ≥ p;
//  6. the draw walks that order until it has passed hash(seed, index)/2^64 of
//     the weight that is left.
//
// Weights are integers so that their sums do not depend on the order in which
// they are added: the fast paths here and the plain definition in
// define_test.go agree bit for bit. A token below 2^-40 of the best weighs
// nothing and is never drawn.
//
// Log probabilities are those of the model: the log-softmax of the logits
// before mask, bias, penalties and temperature.
//
// A NaN or +Inf among the tokens that take part is an error, and so is a row in
// which nothing is left; −Inf means never. The package knows no text and no
// model. Nothing here allocates per token once its scratch has grown. A Sampler
// and a State belong to one goroutine.
package sample
