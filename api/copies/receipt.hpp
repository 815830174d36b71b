#pragma once

#include "storage/catalogue/copy_repository.hpp"
#include "storage/print/pages.hpp"

/// The office's receipt of a copy. Pure.
namespace sluice::api {

/// Pre: the copy is sealed and comes with its manifest (not out of a list).
[[nodiscard]] print::CopyFacts receipt_facts(const catalogue::CopyRow& copy);
/// "copy-115-000007-1": a name for its page.
[[nodiscard]] std::string receipt_name(const catalogue::CopyRow& copy);

}  // namespace sluice::api
