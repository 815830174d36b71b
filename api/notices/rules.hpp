#pragma once

#include "storage/catalogue/notice_repository.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// How notices are told. Pure.
namespace sluice::api {

[[nodiscard]] std::string notice_json(const catalogue::NoticeRow& notice);
/// A server-sent event whose id is the notice's place.
[[nodiscard]] std::string notice_event(const catalogue::NoticeRow& notice);
/// A place as clients send it back; nullopt: none of ours.
[[nodiscard]] std::optional<std::int64_t> place_from(std::string_view text);

}  // namespace sluice::api
