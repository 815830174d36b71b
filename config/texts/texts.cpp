#include "config/texts/texts.hpp"

#include "config/texts/detail/shipped_text.hpp"

#include <algorithm>
#include <array>

#include <toml++/toml.h>

namespace sluice::texts {
namespace {

constexpr std::size_t kMostBytes = 1U << 20U;

constexpr std::array kKeys{
    Key{"form.ethics_note", ""},
    Key{"form.police_note", ""},
    Key{"form.note_1", ""},
    Key{"form.note_2", ""},
    Key{"form.note_3", ""},
    Key{"form.note_4", ""},
    Key{"decision.granted", ""},
    Key{"decision.granted_partial", ""},
    Key{"decision.refused", ""},
    Key{"decision.not_held", ""},
    Key{"decision.remedy", "days"},
    Key{"reason.ART10_1_STATUTORY_SECRET", ""},
    Key{"reason.ART10_2A_INVESTIGATION", ""},
    Key{"reason.ART10_2B_FAIR_TRIAL", ""},
    Key{"reason.ART10_2C_LIFE_SAFETY", ""},
    Key{"reason.ART10_3_THIRD_PARTY_PRIVACY", ""},
    Key{"reason.ART9_1A_NOT_PERSONAL_RIGHTS", ""},
    Key{"reason.ART9_2A_NO_LEGAL_INTEREST", ""},
    Key{"reason.ART9_2B_NO_POLICE_REPORT", ""},
    Key{"reason.ART9_3B_NOT_JUDICIAL", ""},
    Key{"reason.NOT_HELD_NEVER_RECORDED", ""},
    Key{"reason.NOT_HELD_OVERWRITTEN", ""},
    Key{"reason.NOT_HELD_DESTROYED", ""},
    Key{"reason.NOT_HELD_OTHER_CONTROLLER", ""},
    Key{"reason.other", ""},
    Key{"letter.subject_granted", "who"},
    Key{"letter.subject_granted_partial", "who"},
    Key{"letter.subject_refused", "who"},
    Key{"letter.subject_not_held", "who"},
    Key{"letter.reference", "reference"},
    Key{"letter.case", "dossier"},
    Key{"letter.appointment", "until"},
    Key{"copy.undertaking", ""},
};

class Reader {
public:
    explicit Reader(std::string file) : file_(std::move(file)) {}

    void take(const toml::table& table) {
        for (const auto& [group, node] : table) {
            const toml::table* texts = node.as_table();
            if (texts == nullptr) {
                complain(
                    node,
                    std::string{group.str()} + ": a file of texts holds tables such as [form.note_1] only"
                );
                continue;
            }
            for (const auto& [name, value] : *texts)
                take_text(std::string{group.str()} + "." + std::string{name.str()}, value);
        }
    }
    [[nodiscard]] Result<std::map<std::string, Text, std::less<>>> finish() {
        for (const Key& known : kKeys)
            if (!texts_.contains(known.key) && !is_refused(known.key))
                add(file_ + ": " + std::string{known.key} + ": is missing; take it from the shipped file");
        if (!complaints_.empty()) return failure(Remedy::refuse, complaints_, "TEXTS_INVALID");
        return std::move(texts_);
    }

private:
    void add(const std::string& line) { complaints_ += (complaints_.empty() ? "" : "\n") + line; }
    void complain(const toml::node& node, const std::string& text) {
        const auto place = node.source().begin;
        add(file_ + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": " + text);
    }
    [[nodiscard]] bool is_refused(std::string_view key) const {
        return std::ranges::find(refused_, key) != refused_.end();
    }
    void refuse(const std::string& key, const toml::node& node, const std::string& text) {
        refused_.push_back(key);
        complain(node, key + ": " + text);
    }

    void take_text(const std::string& key, const toml::node& node) {
        const auto* known = std::ranges::find(kKeys, key, &Key::key);
        if (known == kKeys.end()) return refuse(key, node, "is not known; take it out");
        const toml::table* table = node.as_table();
        if (table == nullptr)
            return refuse(key, node, "must be a table with text and, while it is one, draft");
        Text made;
        bool has_text = false;
        for (const auto& [name, value] : *table) {
            if (name.str() == "text" && value.is_string()) {
                made.text = value.value_or(std::string{});
                has_text = true;
            } else if (name.str() == "draft" && value.is_boolean()) {
                made.is_draft = value.value_or(true);
            } else {
                return refuse(key, value, std::string{name.str()} + " must be text = \"…\" or draft = true");
            }
        }
        if (!has_text || made.text.empty()) return refuse(key, node, "text is missing or empty");
        if (const auto wrong = find_fault(made.text, known->placeholder); !wrong.empty())
            return refuse(key, node, wrong);
        texts_.emplace(key, std::move(made));
    }

    static std::string find_fault(const std::string& text, std::string_view placeholder) {
        for (const char letter : text)
            if (static_cast<unsigned char>(letter) < 0x20 && letter != '\n')
                return "text holds a control character";
        for (std::size_t place = text.find('{'); place != std::string::npos;
             place = text.find('{', place + 1)) {
            const std::size_t end = text.find('}', place);
            if (end == std::string::npos) return "text has a { that is not closed";
            const std::string name = text.substr(place + 1, end - place - 1);
            if (placeholder.empty() || name != placeholder)
                return "text has {" + name + "}, " +
                       (placeholder.empty() ? "and nothing is filled in there"
                                            : "only {" + std::string{placeholder} + "} is filled in there");
        }
        return {};
    }

    std::string file_;
    std::string complaints_;
    std::vector<std::string> refused_;
    std::map<std::string, Text, std::less<>> texts_;
};

}  // namespace

std::span<const Key> known_keys() noexcept {
    return kKeys;
}

const Text& Texts::get(std::string_view key) const {
    const auto found = texts_.find(key);
    if (found == texts_.end()) throw std::out_of_range{"no text " + std::string{key}};
    return found->second;
}

const Text* Texts::find(std::string_view key) const {
    const auto found = texts_.find(key);
    return found == texts_.end() ? nullptr : &found->second;
}

Text Texts::fill(std::string_view key, const std::vector<std::pair<std::string_view, std::string>>& values)
    const {
    Text made = get(key);
    for (const auto& [name, value] : values) {
        const std::string mark = "{" + std::string{name} + "}";
        // Behind what was put in: a value may hold anything.
        for (std::size_t place = made.text.find(mark); place != std::string::npos;
             place = made.text.find(mark, place + value.size()))
            made.text.replace(place, mark.size(), value);
    }
    return made;
}

Result<Texts> parse_texts(std::string_view text, const std::string& file) {
    if (text.size() > kMostBytes)
        return failure(Remedy::refuse, file + ": longer than 1 MiB", "TEXTS_INVALID");
    try {
        Reader reader{file};
        reader.take(toml::parse(text, file));
        auto read = reader.finish();
        if (!read) return std::unexpected(read.error());
        Texts texts;
        texts.texts_ = std::move(*read);
        return texts;
    } catch (const toml::parse_error& error) {
        const auto place = error.source().begin;
        return failure(
            Remedy::refuse,
            file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) +
                ": is no valid TOML here: " + std::string{error.description()},
            "TEXTS_INVALID"
        );
    }
}

const Texts& shipped_texts() {
    // value(): it was read when the program was tested, so it throws in no program that was built whole.
    static const Texts kTexts = parse_texts(detail::shipped_text(), "config/texts/zh-Hant.toml").value();
    return kTexts;
}

}  // namespace sluice::texts
