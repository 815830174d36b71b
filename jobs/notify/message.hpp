#pragma once

#include "storage/catalogue/delivery_repository.hpp"

#include <string>
#include <string_view>

/// What goes out of the house about a notice: what kind, about what, until when. No name and no content of a
/// case.
namespace sluice::notify {

/// The JSON that a webhook gets.
[[nodiscard]] std::string webhook_body(const catalogue::Delivery& delivery);
/// "sha256=…": HMAC-SHA-256 with the secret over `timestamp`, a point and the body, so that neither can be
/// changed or sent again later.
[[nodiscard]] std::string
signature(std::string_view secret, std::string_view timestamp, std::string_view body);

struct MailEnds {
    std::string from;
    std::string to;
};
/// A whole RFC 5322 message, CRLF, in Chinese and English; nothing in it can break out of its header.
[[nodiscard]] std::string
mail_message(const catalogue::Delivery& delivery, const MailEnds& ends, UtcTime now);

}  // namespace sluice::notify
