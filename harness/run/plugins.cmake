# The built-in cache as a plugin: unchanged, and with one seeded defect each. `ninja mutants` builds the mutants; the default
# build does not.
set(cache_plugin_libraries stampede_cache_client modelcache Boost::headers Boost::url nlohmann_json::nlohmann_json
  OpenSSL::Crypto Threads::Threads)
add_library(stampede_cache_plugin OBJECT cache_plugin.cc)
set_target_properties(stampede_cache_plugin PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON EXCLUDE_FROM_ALL ON)
target_link_libraries(stampede_cache_plugin PRIVATE stampede_cache_client stampede_subject_stamp)

add_custom_target(mutants)
set(mutants
  bad_entry_removed_before_replacing
  bad_manifest_is_an_error
  closing_taken_for_end_of_body
  corrupt_entry_is_an_error
  dead_temporaries_stay
  directory_not_synced
  download_compared_by_size_only
  download_counted_as_hit
  entry_compared_by_size_only
  entry_trusted_because_it_exists
  exists_checked_before_lock_only
  failed_close_ignored
  failed_get_keeps_its_temporary
  failed_sync_ignored
  file_renamed_before_sync
  full_disk_called_io_error
  good_file_unlinked_after_failed_check
  hit_needs_the_lock
  interrupted_lock_is_an_error
  key_of_a_part_of_the_url
  list_believes_the_manifest
  listed_without_its_lock
  lock_file_unlinked_on_release
  lock_left_locked
  lock_released_before_publish
  lock_taken_for_reading
  locks_taken_in_two_orders
  lost_race_is_an_error
  manifest_read_before_its_lock
  manifest_rewritten_in_place
  manifest_unlinked_before_rename
  name_reserved_before_download
  one_lock_for_all_models
  recovery_adopts_nothing
  refusal_called_time_out
  removal_drops_the_listing_only
  rename_before_verify
  repair_does_not_look_again
  repair_removes_nothing
  retries_without_end
  retries_without_pause
  shared_temporary_name
  short_write_taken_for_whole
  sweep_takes_live_temporaries
  truncation_called_tampering
)
foreach(mutant IN LISTS mutants)
  stampede_add_mutant(${mutant})
endforeach()

# What is on the list no longer is known no longer.
file(GLOB known ${CMAKE_BINARY_DIR}/mutants/*.patch)
foreach(patch IN LISTS known)
  get_filename_component(name ${patch} NAME_WE)
  if(NOT name IN_LIST mutants)
    file(REMOVE ${patch} ${CMAKE_BINARY_DIR}/mutants/${name}.so)
  endif()
endforeach()

file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/corpus/mutants/*)
list(TRANSFORM mutants APPEND .patch OUTPUT_VARIABLE patches)
stampede_require_listed(patches "is on no list: name it in harness/run/plugins.cmake" ${found})

# The same cache, unchanged; and what the loader must tell apart.
stampede_add_subject_plugin(modelcache_plugin SOURCES $<TARGET_OBJECTS:stampede_cache_plugin> LIBRARIES ${cache_plugin_libraries})
set_target_properties(modelcache_plugin PROPERTIES OUTPUT_NAME modelcache)
set_target_properties(subject_library_test PROPERTIES ENABLE_EXPORTS ON)
target_compile_definitions(subject_library_test PRIVATE STAMPEDE_PLUGINS="${CMAKE_BINARY_DIR}/plugins")
add_dependencies(subject_library_test modelcache_plugin)

# stampede_add_test_subject(NAME [DEFINITIONS ...] [SHOWN]): SHOWN is without what makes a plugin keep to itself.
function(stampede_add_test_subject name)
  cmake_parse_arguments(arg "SHOWN" "" "DEFINITIONS" ${ARGN})
  stampede_add_subject_plugin(${name} SOURCES idle_subject_plugin.cc LIBRARIES modelcache)
  target_compile_definitions(${name} PRIVATE ${arg_DEFINITIONS})
  if(arg_SHOWN)
    set_target_properties(${name} PROPERTIES CXX_VISIBILITY_PRESET default VISIBILITY_INLINES_HIDDEN OFF LINK_OPTIONS "")
  endif()
  add_dependencies(subject_library_test ${name})
endfunction()
stampede_add_test_subject(idle_subject DEFINITIONS PLUGIN_CALLS_ITS_CODE PLUGIN_NAMES_MORE_CODE)
stampede_add_test_subject(fickle_subject DEFINITIONS PLUGIN_CALLS_ITS_CODE PLUGIN_NAMES_MORE_CODE PLUGIN_COUNTS_ITS_CALLS)
stampede_add_test_subject(subject_with_default_visibility SHOWN DEFINITIONS PLUGIN_CALLS_ITS_CODE)
stampede_add_test_subject(subject_without_code SHOWN DEFINITIONS PLUGIN_CALLS_ITS_CODE PLUGIN_HAS_NO_CODE)
stampede_add_test_subject(subject_that_names_the_hosts_code SHOWN DEFINITIONS PLUGIN_NAMES_MORE_CODE)
stampede_add_test_subject(subject_of_another_version DEFINITIONS PLUGIN_VERSION=99)
stampede_add_test_subject(subject_of_another_build DEFINITIONS PLUGIN_STAMP="another")
stampede_add_test_subject(subject_of_no_build DEFINITIONS PLUGIN_STAMP=nullptr)
stampede_add_test_subject(subject_that_is_none DEFINITIONS PLUGIN_RESULT=nullptr)
stampede_add_test_subject(subject_that_names_no_code DEFINITIONS PLUGIN_CODE_COUNT=0)
stampede_add_test_subject(subject_with_clients_of_others
  DEFINITIONS PLUGIN_CLIENTS=reinterpret_cast<decltype\(&make_client\)>\(&std::abort\))
add_library(library_without_subject MODULE EXCLUDE_FROM_ALL idle_subject_plugin.cc)
set_target_properties(library_without_subject PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
target_compile_definitions(library_without_subject PRIVATE stampede_subject_plugin=another_function)
target_link_libraries(library_without_subject PRIVATE modelcache stampede_subject_stamp)
add_dependencies(subject_library_test library_without_subject)

# A patch that no longer fits fails its target, and says whose it is.
file(WRITE ${CMAKE_BINARY_DIR}/stale.patch "--- a/cache/key.cc\n+++ b/cache/key.cc\n@@ -1,1 +1,1 @@\n-what was there once\n+what is there now\n")
add_test(NAME mutant_patch_must_fit COMMAND ${CMAKE_COMMAND} -DNAME=stale -DPATCH=${CMAKE_BINARY_DIR}/stale.patch
  -DROOT=${PROJECT_SOURCE_DIR} -DFILES=cache/key.cc -DFOLDER=${CMAKE_BINARY_DIR}/stale.sources -P ${PROJECT_SOURCE_DIR}/scripts/apply_mutant.cmake)
set_tests_properties(mutant_patch_must_fit PROPERTIES LABELS unit TIMEOUT 60
  PASS_REGULAR_EXPRESSION "mutant stale: its patch.*no[ \n]+longer[ \n]+applies")
