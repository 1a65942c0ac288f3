// Which mutants there are, what each is after, and which were built.
#ifndef STAMPEDE_RUN_MUTANT_CATALOGUE_H
#define STAMPEDE_RUN_MUTANT_CATALOGUE_H

#include <string>
#include <vector>

#include "cache/result.h"

namespace stampede {

// The product with one seeded defect: a patch on it, and the plugin that was built from both.
struct Mutant {
  std::string name;                 // of the patch, without its ending
  std::string what;                 // the defect, in a sentence
  std::string after;                // the real bug that it is modelled on: an address
  std::vector<std::string> breaks;  // ids of invariants, one of which it breaks at least
  std::string recipe;               // ids of the catalogue of real bugs
  std::string library;              // the plugin's file, built or not
  bool is_built = false;
};

// Where this program's build keeps them: "mutants" beside the directory of the program.
std::string built_mutants_directory();

// Reads the head of each *.patch in `directory`, sorted by name: lines "What:", "After:", "Breaks:" and "Recipe:".
// Plugins are looked for beside them. ERRORS: not_found where there is no patch; invalid_argument with file and key for
// a head that lacks a line or has an unknown one.
modelcache::Result<std::vector<Mutant>> known_mutants(const std::string& directory);

// Those of the names given, in this order; all for no name. ERRORS: not_found, with the names that are known.
modelcache::Result<std::vector<Mutant>> chosen_mutants(const std::vector<Mutant>& known,
                                                       const std::vector<std::string>& names);

// How to build what is missing, for people: "2 of 8 mutants are not built: cmake --build build/release ...".
std::string build_advice(const std::vector<Mutant>& mutants, const std::string& directory);

}  // namespace stampede

#endif  // STAMPEDE_RUN_MUTANT_CATALOGUE_H
