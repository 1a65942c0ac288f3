# stampede_add_test and stampede_check_lists: every test file on disk belongs to a list, or configuration fails.

# stampede_add_test(NAME SOURCES a_test.cc ... LIBRARIES lib ... LABELS unit [TIMEOUT seconds])
# One gtest program, one ctest entry a test.
function(stampede_add_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} GTest::gtest GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
  foreach(source IN LISTS arg_SOURCES)
    set_property(GLOBAL APPEND PROPERTY stampede_listed ${CMAKE_CURRENT_SOURCE_DIR}/${source})
  endforeach()
endfunction()

# Fails the configuration when a *_test.cc, *_fuzz.cc or *_property.cc on disk is on no list.
function(stampede_check_lists)
  get_property(listed GLOBAL PROPERTY stampede_listed)
  foreach(folder cache harness fuzz properties)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*_test.cc
      ${PROJECT_SOURCE_DIR}/${folder}/*_fuzz.cc ${PROJECT_SOURCE_DIR}/${folder}/*_property.cc)
    foreach(file IN LISTS found)
      if(NOT file IN_LIST listed)
        message(FATAL_ERROR "${file} is on no list: name it in the CMakeLists.txt beside it")
      endif()
    endforeach()
  endforeach()
endfunction()
