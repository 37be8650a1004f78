# Turns the text file IN into a header OUT with one static string NAME.
file(READ ${IN} text)
string(REPLACE "\\" "\\\\" text "${text}")
string(REPLACE "\"" "\\\"" text "${text}")
string(REPLACE "\n" "\\n\"\n\"" text "${text}")
# ISO C promises only 4095 characters in a literal; gcc and clang take any length.
file(WRITE ${OUT} "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\nstatic const char ${NAME}[] =\n\"${text}\";\n")
