# Writes OUT: page.css and page.js of FOLDER as strings of C (results/doc.h declares them).
set(code "")
foreach(kind css js)
  file(READ "${FOLDER}/page.${kind}" octets HEX)
  string(REGEX REPLACE "(..)" "0x\\1," octets "${octets}")
  string(APPEND code "extern const char page_${kind}[];\nconst char page_${kind}[] = {${octets}0};\n")
endforeach()
file(WRITE "${OUT}" "${code}")
