/* The sixteen conditions of Jcc, SETcc and CMOVcc (SDM 1 appendix B), for tables and handlers. */
#ifndef GATE86_CPU_INSTRUCTIONS_CONDITIONS_H
#define GATE86_CPU_INSTRUCTIONS_CONDITIONS_H

/* X(name in C, "mnemonic's ending", "hexadecimal digit", number, "flags read") */
#define CONDITIONS(X)           \
    X(o, "O", "0", 0, "o")      \
    X(no, "NO", "1", 1, "o")    \
    X(b, "B", "2", 2, "c")      \
    X(nb, "NB", "3", 3, "c")    \
    X(z, "Z", "4", 4, "z")      \
    X(nz, "NZ", "5", 5, "z")    \
    X(be, "BE", "6", 6, "zc")   \
    X(nbe, "NBE", "7", 7, "zc") \
    X(s, "S", "8", 8, "s")      \
    X(ns, "NS", "9", 9, "s")    \
    X(p, "P", "A", 10, "p")     \
    X(np, "NP", "B", 11, "p")   \
    X(l, "L", "C", 12, "os")    \
    X(nl, "NL", "D", 13, "os")  \
    X(le, "LE", "E", 14, "osz") \
    X(nle, "NLE", "F", 15, "osz")

#endif
