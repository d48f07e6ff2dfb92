package space

// Tests that need a Redis stand outside of the package: matchqtest knows it.
const MaxDisagreements = maxDisagreements
