# Writes subject_stamp.h, which names the build of the cache and of the interface that plugins share with their host.
# cmake -DOUTPUT=FILE -DROOT=DIR -DFLAGS=TEXT -DFILES=A;B -P subject_stamp.cmake
set(text "${FLAGS}")
foreach(file IN LISTS FILES)
  file(SHA256 "${ROOT}/${file}" digest)
  string(APPEND text "\n${file} ${digest}")
endforeach()
string(SHA256 stamp "${text}")
string(SUBSTRING "${stamp}" 0 16 stamp)
file(WRITE "${OUTPUT}" "// Written by the build: names it.
#ifndef STAMPEDE_RUN_SUBJECT_STAMP_H
#define STAMPEDE_RUN_SUBJECT_STAMP_H

namespace stampede {

inline constexpr const char* kSubjectStamp = \"${stamp}\";

}  // namespace stampede

#endif  // STAMPEDE_RUN_SUBJECT_STAMP_H
")
