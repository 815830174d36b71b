#include "storage/release/tar.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>

namespace sluice::release {
namespace {

struct Field {
    std::size_t at;
    std::size_t bytes;
};
constexpr Field kName{0, 100};
constexpr Field kMode{100, 8};
constexpr Field kUser{108, 8};
constexpr Field kGroup{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kTime{136, 12};
constexpr Field kSum{148, 8};
constexpr std::size_t kType = 156;
constexpr std::size_t kMagic = 257;
constexpr std::string_view kUstar{"ustar\00000", 8};
constexpr std::uint64_t kLargestOctal = (std::uint64_t{1} << 33U) - 1;  // eleven digits

void put_octal(Bytes& block, Field field, std::uint64_t value) {
    for (std::size_t i = field.bytes - 1; i-- > 0; value >>= 3U)
        block[field.at + i] = static_cast<std::uint8_t>('0' + (value & 7U));
}

void put_size(Bytes& block, std::uint64_t size) {
    if (size <= kLargestOctal) return put_octal(block, kSize, size);
    for (std::size_t i = kSize.bytes; i-- > 0; size >>= 8U)
        block[kSize.at + i] = static_cast<std::uint8_t>(size);
    block[kSize.at] = 0x80;
}

std::optional<std::uint64_t> octal_from(ByteView block, Field field) {
    std::uint64_t value = 0;
    bool has_digit = false;
    for (const std::uint8_t byte : block.subspan(field.at, field.bytes)) {
        if (byte == ' ' || byte == 0) {
            if (has_digit) break;
            continue;
        }
        if (byte < '0' || byte > '7') return std::nullopt;
        value = value << 3U | (byte - '0');
        has_digit = true;
    }
    return has_digit ? std::optional{value} : std::nullopt;
}

std::optional<std::uint64_t> size_from(ByteView block) {
    if ((block[kSize.at] & 0x80U) == 0) return octal_from(block, kSize);
    std::uint64_t value = 0;
    for (std::size_t i = 1; i < kSize.bytes; ++i) {
        if (value >> 55U != 0) return std::nullopt;
        value = value << 8U | block[kSize.at + i];
    }
    return value;
}

std::uint64_t sum_of(ByteView block) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < block.size(); ++i)
        sum += i >= kSum.at && i < kSum.at + kSum.bytes ? std::uint8_t{' '} : block[i];
    return sum;
}

}  // namespace

bool is_member_name(std::string_view name) noexcept {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '-' || c == '_';
    };
    return !name.empty() && name.size() <= kName.bytes && name.front() != '.' &&
           std::ranges::all_of(name, is_plain);
}

Bytes tar_header(std::string_view name, std::uint64_t size_bytes, UtcTime modified) {
    Bytes block(kTarBlock);
    std::ranges::copy(as_bytes(name), block.begin());
    put_octal(block, kMode, 0444);
    put_octal(block, kUser, 0);
    put_octal(block, kGroup, 0);
    put_size(block, size_bytes);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(modified).time_since_epoch().count();
    put_octal(block, kTime, static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0)));
    block[kType] = '0';
    std::ranges::copy(as_bytes(kUstar), block.begin() + kMagic);
    put_octal(block, {kSum.at, 7}, sum_of(block));
    block[kSum.at + 7] = ' ';
    return block;
}

std::uint64_t tar_padding(std::uint64_t size_bytes) noexcept {
    return (kTarBlock - size_bytes % kTarBlock) % kTarBlock;
}

Bytes tar_end() {
    return Bytes(2 * kTarBlock);
}

Result<std::optional<TarMember>> tar_member_from(ByteView block) {
    if (block.size() != kTarBlock) return failure(Remedy::refuse, "the archive ends in a header");
    if (std::ranges::all_of(block, [](std::uint8_t byte) { return byte == 0; }))
        return std::optional<TarMember>{};
    const auto sum = octal_from(block, kSum);
    const auto size = size_from(block);
    const std::string_view name = as_text(block.first(kName.bytes));
    TarMember member{.name = std::string{name.substr(0, name.find('\0'))}, .size_bytes = size.value_or(0)};
    if (sum != sum_of(block) || !size) return failure(Remedy::refuse, "a block that is no tar header");
    const bool is_plain = block[kType] == '0' || block[kType] == 0;
    if (!is_plain || block[345] != 0 || !is_member_name(member.name))
        return failure(Remedy::refuse, "a member that is no plain file of a package");
    return std::optional{std::move(member)};
}

}  // namespace sluice::release
