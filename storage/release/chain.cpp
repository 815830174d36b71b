#include "storage/release/chain.hpp"

#include <algorithm>

namespace sluice::release {
namespace {

int round_of(const Case& request, Chain chain) {
    return chain == Chain::a ? request.round_a : request.round_b;
}

void add_reviewer(std::vector<ChainSeat>& seats, policy::Seat seat) {
    if (seat == policy::Seat::none) return;
    seats.push_back({Part::reviewer, {}, 2, seat == policy::Seat::optional});
}

}  // namespace

std::vector<ChainSeat> seats_of(const Case& request, Chain chain, const policy::RequestPolicy& policy) {
    std::vector<ChainSeat> seats;
    if (chain == Chain::a) {
        if (request.channel != Channel::internal) return seats;
        if (request.applicant_id) seats.push_back({Part::applicant, {}, 0, false});
        seats.push_back({Part::unit_head, {}, 1, false});
        add_reviewer(seats, policy.chain_a_reviewer);
        const bool is_level1 = policy.chain_a_head == policy::ChainHead::level1;
        seats.push_back({is_level1 ? Part::level1 : Part::director, {}, 3, false});
        return seats;
    }
    seats.push_back({Part::handler, {}, 0, false});
    add_reviewer(seats, policy.chain_b_reviewer);
    seats.push_back({Part::secretariat_head, {}, 3, false});
    if (request.channel == Channel::judicial) return seats;
    seats.push_back({Part::ethics, {}, 4, false});
    for (const std::string& unit : request.asked_units)
        seats.push_back({Part::consulted, unit, 4, false});
    return seats;
}

const Signature* find_signature(const Case& request, Chain chain, const ChainSeat& seat) {
    const auto found = std::ranges::find_if(request.signatures, [&](const Signature& signature) {
        return signature.chain == chain && signature.round == round_of(request, chain) &&
               signature.seat == seat.part && signature.unit == seat.unit;
    });
    return found == request.signatures.end() ? nullptr : &*found;
}

bool has_signed(const Case& request, Chain chain, const Uuid& person) {
    return std::ranges::any_of(request.signatures, [&](const Signature& signature) {
        return signature.chain == chain && signature.round == round_of(request, chain) &&
               signature.signer_id == person;
    });
}

bool is_next(
    const Case& request,
    Chain chain,
    const policy::RequestPolicy& policy,
    Part part,
    const std::string& unit
) {
    const std::vector<ChainSeat> seats = seats_of(request, chain, policy);
    const auto mine = std::ranges::find_if(seats, [&](const ChainSeat& seat) {
        return seat.part == part && seat.unit == unit;
    });
    if (mine == seats.end() || find_signature(request, chain, *mine) != nullptr) return false;
    return std::ranges::all_of(seats, [&](const ChainSeat& seat) {
        const bool is_signed = find_signature(request, chain, seat) != nullptr;
        if (seat.stage < mine->stage) return is_signed || seat.is_optional;
        return seat.stage == mine->stage || !is_signed;
    });
}

std::vector<ChainSeat> open_seats(const Case& request, Chain chain, const policy::RequestPolicy& policy) {
    std::vector<ChainSeat> open;
    for (ChainSeat& seat : seats_of(request, chain, policy))
        if (!seat.is_optional && find_signature(request, chain, seat) == nullptr)
            open.push_back(std::move(seat));
    return open;
}

}  // namespace sluice::release
