#pragma once

#include "config/base/guarded.hpp"
#include "config/base/time.hpp"
#include "jobs/controllers/sender.hpp"
#include "storage/catalogue/controller_repository.hpp"
#include "storage/catalogue/pool.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::controllers {

/// Carries controllers' events to the catalogue: as any other batch, each event once by source and id, one
/// record in the audit log for all that is new. Thread: any.
class Carrier {
public:
    /// `key_file` is the key that seals card numbers.
    Carrier(std::string conninfo, std::filesystem::path key_file, const Clock& clock);

    /// Who sends as `source`, by the inventory: the clock of its controller, Asia/Taipei where it knows none.
    /// Error: of the database; operator_acts: no key.
    [[nodiscard]] Result<Sender> find_sender(const std::string& source, const std::string& serial);
    [[nodiscard]] Result<catalogue::ControllerState> load_state(const std::string& source);
    /// All of them are stored when it returns, or known already; what the database refuses for good is said
    /// and given up. Error: nothing is lost, call again with the same.
    [[nodiscard]] Status carry(const std::string& source, std::vector<access::Event> events);

    /// It said something, or something went wrong. Written at once where that is news, else every half
    /// minute; what can't be written is said again then.
    void note_heard(const std::string& source);
    void note_trouble(const std::string& source, catalogue::LinkTrouble trouble);

private:
    /// What was written of a source last.
    struct Noted {
        std::optional<std::chrono::steady_clock::time_point> heard;
        std::optional<std::chrono::steady_clock::time_point> troubled;
        std::optional<catalogue::LinkTrouble> trouble;  ///< since it was heard
    };
    [[nodiscard]] Status carry_batch(const std::string& source, const std::vector<access::Event>& events);
    [[nodiscard]] Status store(const std::string& source, const std::vector<access::Event>& events);

    catalogue::Pool pool_;
    std::filesystem::path key_file_;
    const Clock& clock_;
    Guarded<std::set<std::string>> unknown_;  ///< sources that the inventory was said not to have
    Guarded<std::map<std::string, Noted>> noted_;
};

}  // namespace sluice::controllers
