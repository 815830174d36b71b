#pragma once

#include "config/config.hpp"
#include "jobs/controllers/adapter.hpp"
#include "jobs/controllers/bell.hpp"
#include "jobs/controllers/carrier.hpp"
#include "jobs/controllers/uhppote_client.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace sluice::controllers::uhppote {

/// Waits as they are in operation; tests have shorter ones.
struct Pauses {
    Client::Patience patience{};
    std::chrono::milliseconds first{1000};  ///< after a failure; doubled with each
    std::chrono::milliseconds longest{60'000};
    unsigned offline_after = 3;  ///< polls without an answer
};

/// Asks one board for the events behind the last one that was stored, again and again. The board keeps them,
/// so nothing is lost while nobody asks; what it can't give any more is an event (`acs.gap`).
class BoardAdapter final : public Adapter {
public:
    /// `number` is the thread's. Pre: the configuration is valid.
    BoardAdapter(
        config::DoorController board,
        unsigned number,
        Pauses pauses,
        std::shared_ptr<Carrier> carrier,
        const Clock& clock
    );
    void run(const std::stop_token& stop) override;
    [[nodiscard]] std::string thread_name() const override { return "acs-" + std::to_string(number_); }

    [[nodiscard]] const config::DoorController& board() const { return board_; }
    [[nodiscard]] std::uint32_t serial() const { return serial_; }
    /// It may have news. Any thread.
    void ring() { bell_.ring(); }

private:
    struct Gathered {
        std::vector<access::Event> events;
        std::uint64_t next = 0;
        std::optional<catalogue::ControllerMark> mark;
    };
    [[nodiscard]] Status poll(const std::stop_token& stop);
    [[nodiscard]] Status fetch_until(std::uint32_t newest, const std::stop_token& stop);
    [[nodiscard]] Result<bool> has_begun_anew(std::uint32_t newest, const std::stop_token& stop);
    [[nodiscard]] Result<Gathered>
    gather(std::uint32_t newest, const Sender& sender, const std::stop_token& stop);
    [[nodiscard]] Result<std::uint64_t>
    end_of_hole(const Record& missing, std::uint32_t newest, const std::stop_token& stop);
    [[nodiscard]] Result<Record> ask(std::uint64_t index, const std::stop_token& stop);
    [[nodiscard]] Status tell(std::string_view code);
    void note(const Status& polled);

    config::DoorController board_;
    std::uint32_t serial_;
    unsigned number_;
    Pauses pauses_;
    std::shared_ptr<Carrier> carrier_;  ///< shared by all adapters
    const Clock& clock_;
    Client client_;
    Bell bell_;
    std::optional<catalogue::ControllerState> state_;  ///< as it is stored; nullopt: not read yet
    std::uint64_t next_ = 0;                           ///< to be asked for next; 0: the oldest there is
    bool is_same_ = false;   ///< the board's numbers are known to go on from the mark
    unsigned failures_ = 0;  ///< polls in a row
    unsigned unheard_ = 0;   ///< those of them that the board did not answer
};

}  // namespace sluice::controllers::uhppote
