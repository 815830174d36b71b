#pragma once

#include "api/http/problem.hpp"
#include "storage/catalogue/ledger_repository.hpp"
#include "storage/ledger/checkpoint.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::api {

/// What a posted note holds: the checkpoint, and what each of our witnesses said of it.
struct Cosigned {
    ledger::Checkpoint checkpoint;
    std::vector<catalogue::CosignatureRow> rows;  ///< at least one
};
/// Pure. 400 MALFORMED_NOTE; 422 CHECKPOINT_NOT_OURS: not signed by the log; 422 COSIGNATURE_UNKNOWN: no
/// valid one of a configured witness.
[[nodiscard]] std::expected<Cosigned, http::Problem>
read_cosigned(std::string_view note, const std::string& log_key, const std::vector<std::string>& witnesses);

/// One record as a JSON object.
[[nodiscard]] std::string record_json(const catalogue::RecordRow& record);

}  // namespace sluice::api
