// Follows the names of entries, temporaries and the manifest, and the bytes behind them.
#include <algorithm>

#include "cache/key.h"
#include "harness/judge/run_record.h"
#include "harness/judge/writing_steps.h"

namespace stampede {

void RunRecord::take_open(const Step& step, const DiskView& disk, ProcessFacts& process) {
  ++process.opened;
  ++(opens_directory(step) ? process.open_directories : process.open_files);
  if (!is_writing(step)) return;
  const Place place = change_.place;
  if (place == Place::entry || place == Place::manifest) process.writes_in_place = true;
  if (!may_create(step)) return;
  switch (place) {
    case Place::temporary:
      if (static_cast<modelcache::OpenMode>(step.mode) == modelcache::OpenMode::create_new) {
        temporaries_.push_back(
            {.path = step.path, .file = disk.file_at(step.path), .owner = step.process, .made_at = moment_});
        ++process.temporaries;
      }
      return;
    case Place::entry:
      name_entry(step.path, disk);
      if (change_.entry->file == change_.entry_had) return;  // it was there
      change_name(*change_.entry, step.process);
      return mark_published(change_.entry->file);
    case Place::manifest:
      look_at_manifest(disk);
      name_manifest(step.process);
      return mark_published(manifest_file_);
    default:
      return;
  }
}

void RunRecord::take_move(const Step& step, const DiskView& disk, ProcessFacts& process) {
  const Place from = change_.place;
  const Place to = change_.to_place;
  if (step.kind == StepKind::rename) {
    if (from == Place::temporary) lose_temporary(step.path, step.process);
    if (from == Place::entry) {
      lose_entry(step.path, disk);
      change_name(*change_.entry, step.process);
    }
  }
  if (to == Place::entry) {
    name_entry(step.to_path, disk);
    change_.gave_name = true;
    publish(change_.entry->file, process);
    change_name(*change_.entry, step.process);
  }
  if (to == Place::manifest || (from == Place::manifest && step.kind == StepKind::rename)) {
    look_at_manifest(disk);
    if (to != Place::manifest) return;
    change_.gave_name = true;
    name_manifest(step.process);
    publish(manifest_file_, process);
  }
}

void RunRecord::publish(FileNumber file, ProcessFacts& process) {
  process.published.push_back(file);
  mark_published(file);
}

void RunRecord::mark_published(FileNumber file) {
  if (was_published_.size() <= file) was_published_.resize(file + 1);
  was_published_[file] = true;
}

void RunRecord::change_name(EntryFacts& entry, std::uint32_t by) {
  entry.named_at = moment_;
  entry.named_by = by;
  entry.is_name_durable = false;
}

void RunRecord::name_manifest(std::uint32_t by) {
  durability_.is_manifest_named = false;
  manifest_named_by_ = by;
  manifest_named_at_ = moment_;
}

void RunRecord::take_unlink(const Step& step, const DiskView& disk) {
  switch (change_.place) {
    case Place::temporary:
      return lose_temporary(step.path, step.process);
    case Place::entry:
      lose_entry(step.path, disk);
      return change_name(*change_.entry, step.process);
    case Place::manifest:
      return look_at_manifest(disk);
    default:
      return;
  }
}

void RunRecord::take_content(const Step& step, const DiskView& disk) {
  if (step.kind == StepKind::write && step.result == 0) return;
  if (step.kind == StepKind::truncate && step.size == 0) {
    durability_.empty(step.file);
  } else {
    durability_.write(step.file);
  }
  if (step.file == manifest_file_ && manifest_file_ != 0) look_at_manifest(disk);
  if (step.file >= was_published_.size() || !was_published_[step.file]) return;
  change_.is_published = true;
  for (EntryFacts& entry : entries_) {
    if (entry.file == step.file) look_at_entry(entry, step.file, disk);
  }
}

void RunRecord::name_entry(std::string_view path, const DiskView& disk) {
  look_at_entry(entry(last_name(path)), disk.file_at(path), disk);
}

void RunRecord::lose_entry(std::string_view path, const DiskView& disk) {
  name_entry(path, disk);
  change_.lost = change_.entry;
  change_.lost_was_good = change_.entry_was_good;
}

void RunRecord::look_at_entry(EntryFacts& entry, FileNumber file, const DiskView& disk) {
  change_.entry = &entry;
  change_.entry_had = entry.file;
  change_.entry_was_good = entry.good.now();
  const std::uint64_t version = file == 0 ? 0 : disk.version(file);
  if (file == entry.file && version == entry.version) return;
  entry.file = file;
  entry.version = version;
  entry.changed_at = moment_;
  const bool is_good = file != 0 && contents_.is_entry_complete(entry.key, file, disk);
  if (entry.good.now() && !is_good) ++entry.losses;
  entry.present.set(file != 0, moment_);
  entry.good.set(is_good, moment_);
  entry.listed.set(false, moment_);
  entry.stale_record = entry.record;
}

// What is listed is so since its record came; a record that was there before the file changed says nothing of it.
void RunRecord::look_at_manifest(const DiskView& disk) {
  change_.is_manifest = true;
  change_.manifest_was_good = is_manifest_good_;
  manifest_changed_at_ = moment_;
  manifest_file_ = disk.file_at(modelcache::kManifestName);
  const ReadManifest* const read = manifest_.read(disk);
  is_manifest_good_ = read != nullptr && read->is_good;
  for (EntryFacts& entry : entries_) {
    const auto* const records = read != nullptr && read->is_good ? &read->manifest.entries : nullptr;
    const bool is_known = records != nullptr && records->find(entry.key) != records->end();
    bool is_listed = false;
    if (is_known) {
      const modelcache::ManifestRecord& record = records->find(entry.key)->second;
      is_listed = entry.file != 0 && record.stamp.size_bytes == disk.stat(entry.file).size_bytes &&
                  record.sha256 == contents_.digest_of(entry.file, disk) && entry.stale_record != record.stamp;
      entry.record = record.stamp;
    } else {
      entry.record.reset();
    }
    entry.listed.set(is_listed, moment_);
    entry.recorded.set(is_known, moment_);
  }
}

void RunRecord::lose_temporary(std::string_view path, std::uint32_t by) {
  TemporaryFacts* const found = find_temporary(path);
  if (found == nullptr) {  // made by no step
    ++process(by).swept;
    return;
  }
  const bool is_own = found->is_of_stage && found->owner == by;
  if (!is_own) ++process(by).swept;
  if (!is_own && found->is_of_stage && process(found->owner).is_alive && !found->lies) change_.robbed = found->owner;
  if (found->is_of_stage) --process(found->owner).temporaries;
  touch(found->file);
  std::swap(*found, temporaries_.back());
  temporaries_.pop_back();
}

// One of its names went: its change time did not stay, so no record is of it as it is now.
void RunRecord::touch(FileNumber file) {
  for (EntryFacts& entry : entries_) {
    if (file == 0 || entry.file != file) continue;
    entry.listed.set(false, moment_);
    entry.stale_record = entry.record;
    entry.changed_at = moment_;
  }
}

TemporaryFacts* RunRecord::find_temporary(std::string_view path) {
  const auto found = std::find_if(temporaries_.begin(), temporaries_.end(),
                                  [&](const TemporaryFacts& temporary) { return temporary.path == path; });
  return found == temporaries_.end() ? nullptr : &*found;
}

}  // namespace stampede
