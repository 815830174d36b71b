#include "config/base/uuid.hpp"

#include "config/base/bytes.hpp"

#include <cerrno>
#include <system_error>

#include <sys/random.h>

namespace sluice {

void fill_random(std::uint8_t* into, std::size_t count) {
    while (count > 0) {
        const ssize_t got = ::getrandom(into, count, 0);
        if (got < 0 && errno == EINTR) continue;
        // Without randomness no id and no token may be made; getrandom(2) does not fail on any kernel we run
        // on.
        if (got <= 0) throw std::system_error{errno, std::generic_category(), "getrandom"};
        into += got;
        count -= static_cast<std::size_t>(got);
    }
}

Uuid make_uuid_v7(UtcTime now) {
    Uuid id;
    fill_random(id.bytes.data(), id.bytes.size());
    auto milliseconds = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count()
    );
    for (std::size_t i = 6; i-- > 0; milliseconds >>= 8U)
        id.bytes[i] = static_cast<std::uint8_t>(milliseconds);
    id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0FU) | 0x70U);
    id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3FU) | 0x80U);
    return id;
}

UtcTime made_at(const Uuid& id) noexcept {
    std::int64_t milliseconds = 0;
    for (std::size_t i = 0; i < 6; ++i)
        milliseconds = milliseconds << 8 | id.bytes[i];
    return UtcTime{std::chrono::milliseconds{milliseconds}};
}

std::string to_string(const Uuid& id) {
    std::string text = to_hex(id.bytes);
    for (const std::size_t at : {20U, 16U, 12U, 8U})
        text.insert(at, 1, '-');
    return text;
}

Result<Uuid> uuid_from_string(std::string_view text) {
    const auto refuse = [&] {
        return failure(Remedy::refuse, "'" + std::string{text.substr(0, 40)} + "' is no UUID");
    };
    if (text.size() != 36) return refuse();
    std::string digits;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_dash_place = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash_place != (text[i] == '-')) return refuse();
        if (!is_dash_place) digits += text[i];
    }
    const auto bytes = from_hex(digits);
    if (!bytes || bytes->size() != 16) return refuse();
    Uuid id;
    std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
    return id;
}

}  // namespace sluice
