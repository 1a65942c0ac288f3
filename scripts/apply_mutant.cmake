# Copies files and patches the copies; fails, naming the mutant, where the patch does not fit exactly.
# cmake -DNAME=.. -DPATCH=FILE -DROOT=DIR -DFILES=A;B -DFOLDER=DIR -P apply_mutant.cmake
file(REMOVE_RECURSE "${FOLDER}")
foreach(file IN LISTS FILES)
  get_filename_component(directory "${FOLDER}/${file}" DIRECTORY)
  file(COPY "${ROOT}/${file}" DESTINATION "${directory}")
endforeach()
execute_process(COMMAND patch --strip=1 --fuzz=0 --batch --forward --no-backup-if-mismatch --silent
    "--directory=${FOLDER}" "--input=${PATCH}"
  RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(NOT status EQUAL 0)
  file(REMOVE_RECURSE "${FOLDER}")
  message(FATAL_ERROR "mutant ${NAME}: its patch (${PATCH}) no longer applies to the cache; write it anew:\n${said}")
endif()
