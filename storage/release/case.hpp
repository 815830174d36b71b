#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/release/words.hpp"

#include <optional>
#include <string>
#include <vector>

/// One case as a value: what the rules look at. Filled by the catalogue, or by whoever asks about a case that
/// is none.
namespace sluice::release {

enum class Purpose { personal_rights, other };
enum class Authority { none, court, prosecutor, other };
/// The act that a request rests on. It sets the time for the decision.
enum class Basis { personal_data, government_information, archives };

/// What the request form says beside who, when and where.
struct Form {
    std::string extension;
    std::string phone;
    std::string reason;
    Purpose purpose = Purpose::other;
    Basis basis = Basis::personal_data;
    std::string legal_interest;  ///< external
    std::string necessity;       ///< of a copy: why a viewing is not enough
    bool is_undertaken = false;  ///< the undertaking is signed
    std::string letter_number;   ///< judicial
    std::string letter_date;     ///< "2026-11-23"
    Authority authority = Authority::none;
    std::string statute;  ///< that gives a body its power which is no court
    /// Article 12: the director's document, and the codes that it sets aside.
    std::string exception_document;
    std::vector<std::string> exception_lifts;
    bool is_secretariats = false;  ///< asked for by a person of the secretariat
    friend bool operator==(const Form&, const Form&) = default;
};

/// Cameras × [from, to), or a part of it.
struct Area {
    Uuid camera_id;
    TimeRange interval;
    friend bool operator==(const Area&, const Area&) = default;
};

/// Where a ground holds, and for whom.
struct Place {
    Area area;
    std::string person;  ///< affected one, of 10(3)
    friend bool operator==(const Place&, const Place&) = default;
};

/// A line of the worksheet.
struct Finding {
    Ground ground = Ground::statutory_secret;
    GroundAnswer answer = GroundAnswer::unknown;
    std::string evidence;
    std::vector<Place> places;  ///< none: it holds everywhere, so nothing can be severed
    friend bool operator==(const Finding&, const Finding&) = default;
};

struct Consent {
    Uuid id;
    std::string person;
    bool is_minor = false;
    std::string representative;
    Uuid evidence_id;
    std::vector<Uuid> cameras;
    TimeRange interval;
    std::vector<Kind> kinds;
    std::string recipient;
    UtcTime recorded;
    std::optional<UtcTime> withdrawn;
};

/// A third person whom a decision would touch was asked in writing, and may answer until `due`.
struct Inquiry {
    Uuid id;
    std::string person;    ///< as the worksheet calls the person
    std::string document;  ///< number of the letter
    UtcTime asked;
    UtcTime due;
    std::string answer;  ///< consented, objected; empty: none yet
    std::optional<UtcTime> answered;
    std::string note;
};

struct Evidence {
    Uuid id;
    std::string name;
    EvidenceKind kind = EvidenceKind::signed_paper;
    std::string media_type;
    std::uint64_t bytes = 0;
    std::string sha256;  ///< hex
    std::string note;
    std::string adder;
    UtcTime added;
};

enum class Chain { a, b };

struct Signature {
    Chain chain = Chain::a;
    int round = 1;
    Part seat = Part::applicant;
    std::string unit;  ///< of a consulted one
    Uuid signer_id;
    std::string signer;
    UtcTime at;
    std::string note;
};

struct Opinion {
    int round = 1;
    Part part = Part::ethics;
    std::string unit;
    Stance stance = Stance::agree;
    std::string ground;
    std::string text;
    Uuid giver_id;
    std::string giver;
    UtcTime at;
};

struct GrantItem {
    Uuid camera_id;
    std::string stream = "main";
    TimeRange asked;
    TimeRange resolved;
    bool is_outward = false;
};
struct Grant {
    Uuid id;
    Kind kind = Kind::view;
    UtcTime decided;
    UtcTime valid_to;
    bool is_masked = false;
    std::string conditions;
    Uuid decider_id;
    std::string decider;
    std::vector<GrantItem> items;
};

/// An appointment.
struct Slot {
    Uuid id;
    TimeRange interval;
    Kind kind = Kind::view;
    Uuid escort_id;
    std::string escort;
    std::optional<Uuid> viewer_id;
    std::string viewer;
};

struct Case {
    Uuid id;
    Channel channel = Channel::internal;
    Kind kind = Kind::view;
    RequestState state = RequestState::draft;
    UtcTime since;  ///< of the state
    int revision = 1;
    std::optional<Uuid> applicant_id;  ///< nullopt: has no account
    std::string applicant;
    std::string unit;
    std::vector<Uuid> cameras;
    std::optional<TimeRange> interval;
    Form form;
    Uuid enterer_id;
    std::string enterer;
    UtcTime created;
    std::optional<UtcTime> submitted;
    std::optional<Uuid> handler_id;
    std::string handler;
    std::optional<UtcTime> accepted;
    std::optional<int> policy_version;
    std::optional<std::string> dossier_number;
    std::optional<UtcTime> due;
    std::optional<UtcTime> extended;  ///< when the time for the decision was made longer
    std::vector<std::string> asked_units;
    std::string decision;  ///< JSON object; empty: none yet
    std::optional<UtcTime> decided;
    int round_a = 1;                       ///< how often it was handed in
    int round_b = 1;                       ///< how often it was screened
    std::optional<RequestState> appealed;  ///< what the last appeal was against
    std::vector<Evidence> evidence;
    std::vector<Finding> findings;  ///< the newest of each ground
    std::vector<Consent> consents;
    std::vector<Inquiry> inquiries;
    std::vector<Signature> signatures;
    std::vector<Opinion> opinions;
    std::optional<UtcTime> papers_destroyed;  ///< what was handed in is no longer kept
    std::optional<Grant> grant;               ///< in force
    std::optional<Slot> slot;                 ///< that no later one has replaced
    bool has_session_entry = false;           ///< in the register, since that slot was made

    /// What was asked for.
    [[nodiscard]] std::vector<Area> areas() const {
        std::vector<Area> all;
        if (interval)
            for (const Uuid& camera : cameras)
                all.push_back({camera, *interval});
        return all;
    }
    [[nodiscard]] bool has(EvidenceKind kind_wanted, UtcTime since_when = UtcTime::min()) const {
        for (const Evidence& piece : evidence)
            if (piece.kind == kind_wanted && piece.added >= since_when) return true;
        return false;
    }
};

}  // namespace sluice::release
