#pragma once

#include "config/policy/policy.hpp"
#include "storage/release/case.hpp"

#include <optional>
#include <string>
#include <vector>

/// The two chains of signatures of the form. A is the applicant's unit's: officer, unit head, reviewer, head.
/// B is the secretariat's: handling officer, reviewer, head, then all who are consulted, in any order. Pure.
namespace sluice::release {

struct ChainSeat {
    Part part = Part::applicant;
    std::string unit;          ///< of a consulted one
    int stage = 0;             ///< seats of one stage are signed in any order
    bool is_optional = false;  ///< the next stage may sign without it
    friend bool operator==(const ChainSeat&, const ChainSeat&) = default;
};

/// The seats of this case. Chain A: internal requests only. An applicant without an account has signed on
/// paper, so has no seat. Judicial requests consult nobody.
[[nodiscard]] std::vector<ChainSeat>
seats_of(const Case& request, Chain chain, const policy::RequestPolicy& policy);

/// The case's signature on a seat in the current round; null: none.
[[nodiscard]] const Signature* find_signature(const Case& request, Chain chain, const ChainSeat& seat);
/// Whether this person has signed in the current round of the chain.
[[nodiscard]] bool has_signed(const Case& request, Chain chain, const Uuid& person);

/// Whether the seat's turn has come: it is not signed, every earlier seat that must be is, and no later one
/// is.
[[nodiscard]] bool is_next(
    const Case& request,
    Chain chain,
    const policy::RequestPolicy& policy,
    Part part,
    const std::string& unit
);
/// Seats that must be signed and are not.
[[nodiscard]] std::vector<ChainSeat>
open_seats(const Case& request, Chain chain, const policy::RequestPolicy& policy);

}  // namespace sluice::release
