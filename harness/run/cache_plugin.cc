// The one C function of the built-in cache as a plugin, mutated or not.
#include "cache/cache.h"
#include "cache/download.h"
#include "cache/entry_check.h"
#include "cache/entry_lock.h"
#include "cache/manifest_store.h"
#include "cache/publish.h"
#include "cache/recovery.h"
#include "cache/removal.h"
#include "cache/upkeep.h"
#include "harness/run/cache_client.h"
#include "harness/run/subject_stamp.h"

extern "C" __attribute__((visibility("default"))) const stampede::SubjectPlugin* stampede_subject_plugin();

extern "C" const stampede::SubjectPlugin* stampede_subject_plugin() {
  static const void* const kCode[] = {
      reinterpret_cast<const void*>(&modelcache::Cache::open),
      reinterpret_cast<const void*>(&modelcache::download),
      reinterpret_cast<const void*>(&modelcache::check_entry),
      reinterpret_cast<const void*>(&modelcache::EntryLock::wait),
      reinterpret_cast<const void*>(&modelcache::change_manifest),
      reinterpret_cast<const void*>(&modelcache::publish),
      reinterpret_cast<const void*>(&modelcache::sweep_temporaries),
      reinterpret_cast<const void*>(&modelcache::remove_entry),
      reinterpret_cast<const void*>(&modelcache::list_entries),
      reinterpret_cast<const void*>(&modelcache::StagedFile::create),
  };
  static const stampede::SubjectPlugin kSubject = [] {
    stampede::SubjectPlugin subject = stampede::built_in_subject();
    subject.stamp = stampede::kSubjectStamp;
    subject.code = kCode;
    subject.code_count = std::size(kCode);
    return subject;
  }();
  return &kSubject;
}
