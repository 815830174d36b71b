#pragma once

#include "config/base/bytes.hpp"
#include "config/base/words.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

/// What the farm and the judge of recorded files must agree on about NAL units (ITU-T H.264 §7, H.265 §7).
/// Written apart from storage/mp4 on purpose: a judge that shares code with the accused sees nothing.
namespace sluice::farm {

/// VPS, SPS, PPS, access unit delimiter, end of sequence or stream, filler: what a recorder may add or leave
/// out without touching the picture. Everything else belongs to the picture.
[[nodiscard]] bool is_dressing(Codec codec, ByteView nal) noexcept;
[[nodiscard]] bool is_parameter_set(Codec codec, ByteView nal) noexcept;
/// Supplemental information, in front of a picture or behind it.
[[nodiscard]] bool is_supplement(Codec codec, ByteView nal) noexcept;
[[nodiscard]] bool is_key_picture(Codec codec, ByteView nal) noexcept;

/// Identity of a picture: SHA-256 over the concatenated SHA-256 digests of its NAL units (without start codes
/// and lengths) in order, without dressing.
[[nodiscard]] Sha256Digest picture_hash(std::span<const Sha256Digest> nal_hashes);
/// The same for a sample of a file: NAL units with 4-byte lengths. A length that runs out of the sample ends
/// it, and the hash is then all zero.
[[nodiscard]] Sha256Digest picture_hash_of_sample(Codec codec, ByteView sample);

/// NAL units of an Annex B stream, without start codes.
[[nodiscard]] std::vector<ByteView> split_units(ByteView annex_b);

/// SEI NAL unit, user_data_unregistered, with our UUID and `text` (ASCII, at most 200 letters), so that no
/// two pictures of a farm are equal.
[[nodiscard]] Bytes make_sei(Codec codec, std::string_view text);

/// The picture parameter set once more under another number that nothing refers to: a change of parameter
/// sets that leaves every picture decodable. Pre: `pps` has number 0.
[[nodiscard]] Bytes renumber_pps(Codec codec, ByteView pps, unsigned number);

}  // namespace sluice::farm
