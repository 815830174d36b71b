#include "api/clips/escorted_body.hpp"

#include "storage/catalogue/standing_repository.hpp"

#include <algorithm>
#include <utility>

namespace sluice::api {
namespace {

/// So much goes out between two looks, with what the sockets hold.
constexpr std::uint64_t kUnseenBytes = 4U << 20U;

class EscortedBody final : public http::BodySource {
public:
    EscortedBody(std::unique_ptr<http::BodySource> body, const Call& call, const Uuid& session_id)
        : body_(std::move(body)),
          services_(call.services),
          principal_id_(call.principal->id),
          session_id_(session_id) {}

    [[nodiscard]] std::uint64_t size_bytes() const override { return body_->size_bytes(); }
    [[nodiscard]] Result<http::Piece> read(std::uint64_t offset, std::uint64_t limit) override {
        const UtcTime now = services_.clock.now();
        const auto granted = catalogue::load_granted_footage(services_.database.pool(), principal_id_, now);
        if (!granted) return std::unexpected(granted.error());
        const bool goes_on = std::ranges::any_of(*granted, [&](const catalogue::GrantedFootageRow& row) {
            const FootageRight right = right_of(row, now);
            return right.kind == FootageRight::Kind::copy && !right.is_masked &&
                   right.session_id == session_id_;
        });
        if (!goes_on) return failure(Remedy::refuse, "the session of the copy is over", "ART9_4A_NO_ESCORT");
        return body_->read(offset, std::min(limit, kUnseenBytes));
    }

private:
    std::unique_ptr<http::BodySource> body_;
    Services& services_;
    Uuid principal_id_;
    Uuid session_id_;
};

}  // namespace

std::unique_ptr<http::BodySource>
make_escorted(std::unique_ptr<http::BodySource> body, const Call& call, const Uuid& session_id) {
    return std::make_unique<EscortedBody>(std::move(body), call, session_id);
}

}  // namespace sluice::api
