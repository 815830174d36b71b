#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace sluice {

/// What the caller can do about a failure. Closed: every switch over it names all of them.
enum class Remedy {
    retry,          ///< the same call may succeed later: lost connection, busy, time-out
    abandon_file,   ///< this file can't be trusted any more; begin another (a failed write or fsync)
    stop_volume,    ///< nothing more may be written to this volume (a failed directory fsync)
    refuse,         ///< the request or input is wrong; say so to whoever sent it
    operator_acts,  ///< a person must change something: configuration, rights, hardware
    cancelled,      ///< stopped on purpose; only clean-up may follow
};

[[nodiscard]] std::string_view to_string(Remedy remedy) noexcept;

/// An expected failure as a value: what can be done, the system's code where there is one, and a message that
/// names the object ("cannot open /data/state.json"). `label` is a stable word for machines: a problem+json
/// code or a gap cause such as `auth_failed`; empty when there is none.
class Error {
public:
    Error(Remedy remedy, std::error_code code, std::string message, std::string label = {})
        : remedy_(remedy),
          code_(code),
          message_(std::move(message)),
          label_(std::move(label)) {}
    Error(Remedy remedy, std::string message) : remedy_(remedy), message_(std::move(message)) {}

    [[nodiscard]] Remedy remedy() const noexcept { return remedy_; }
    [[nodiscard]] std::error_code code() const noexcept { return code_; }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    [[nodiscard]] const std::string& label() const noexcept { return label_; }
    /// Message and, when there is one, the system's text for the code: "cannot open x: Permission denied".
    [[nodiscard]] std::string describe() const;
    friend bool operator==(const Error&, const Error&) = default;

private:
    Remedy remedy_;
    std::error_code code_;
    std::string message_;
    std::string label_;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

/// Failure of a system call: takes errno as it stands.
[[nodiscard]] std::unexpected<Error> errno_error(Remedy remedy, std::string message);
[[nodiscard]] std::unexpected<Error> failure(Remedy remedy, std::string message, std::string label = {});

/// The one way to drop an error: it is logged with the reason why nothing else is done.
void log_and_drop(const Status& status, std::string_view why);

}  // namespace sluice
