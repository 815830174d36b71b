#pragma once

#include "config/texts/texts.hpp"
#include "storage/print/document.hpp"
#include "storage/release/case.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

/// The office's pages as documents: labels as the customer's form has them, running texts from the file of
/// texts, dates in years of the Republic. Pure.
namespace sluice::print {

/// What every page of a case needs.
struct Paper {
    const release::Case& request;
    const std::map<Uuid, std::string>& cameras;  ///< official names
    const texts::Texts& texts;
    UtcTime made;
};

/// That the applicant has seen or taken what was granted.
struct Completion {
    release::Kind kind = release::Kind::view;
    UtcTime at;
    std::string signer;
};

enum class Outcome { granted, granted_partial, refused, not_held };
struct Reason {
    std::string code;    ///< of release::all_codes
    std::string detail;  ///< what this case has of its own, or empty
};
struct DecisionFacts {
    Outcome outcome = Outcome::refused;
    std::vector<Reason> reasons;
    std::string statement;   ///< the decider's own words, or empty
    std::string conditions;  ///< 附款
    UtcTime decided;
    std::string decider;
    unsigned remedy_days = 0;
};

/// 申請表. Before the decision its boxes are empty.
[[nodiscard]] Document request_form(
    const Paper& paper,
    const std::optional<DecisionFacts>& decision,
    const std::optional<Completion>& done
);
/// The decision with reasons, the law they rest on, what is given out, and the remedy.
[[nodiscard]] Document decision_page(const Paper& paper, const DecisionFacts& decision);
/// 函覆, to the applicant or the body that asked.
[[nodiscard]] Document reply_letter(const Paper& paper, const DecisionFacts& decision);

/// A line of the register as it is printed: a view over its entries. All texts; an empty one prints an empty
/// cell.
struct RegisterLine {
    std::string number;
    std::string dossier;
    std::string received;
    std::string applicant;
    std::string channel;
    std::string kind;
    std::string reason;
    std::string footage;
    std::string decision;
    std::string escort;
    std::string times;
    std::string delivered;
    std::string copy;
    std::string receipt;
    std::string remark;
};
/// 專簿 of [from, to), lines as given.
[[nodiscard]] Document
register_page(const std::vector<RegisterLine>& lines, const TimeRange& period, UtcTime made);

/// The receipt of a copy, to be signed by who takes it.
struct CopyFacts {
    std::string number;  ///< of the copy
    std::string dossier;
    std::string recipient;
    std::vector<std::string> files;  ///< name and SHA-256
    UtcTime sealed;
    UtcTime destroy_by;  ///< the first moment at which it may not exist any more
    std::string escort;
};
[[nodiscard]] Document copy_receipt(const CopyFacts& copy, const texts::Texts& texts, UtcTime made);

}  // namespace sluice::print
