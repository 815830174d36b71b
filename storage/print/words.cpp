#include "storage/print/words.hpp"

#include <utility>

namespace sluice::print {

std::string_view in_chinese(release::Kind kind) noexcept {
    return kind == release::Kind::view ? "調閱" : "複製";
}

std::string_view in_chinese(release::Channel channel) noexcept {
    switch (channel) {
        case release::Channel::internal:
            return "局內";
        case release::Channel::external:
            return "局外";
        case release::Channel::judicial:
            return "司法";
    }
    std::unreachable();
}

std::string_view in_chinese(release::Entry entry) noexcept {
    using release::Entry;
    switch (entry) {
        case Entry::opened:
            return "立卷";
        case Entry::session:
            return "調閱";
        case Entry::copy:
            return "複製";
        case Entry::completed:
            return "完成";
        case Entry::refused:
            return "不予核准";
        case Entry::not_held:
            return "無此影像";
        case Entry::withdrawn:
            return "撤回";
        case Entry::lapsed:
            return "逾期失效";
        case Entry::revoked:
            return "廢止";
        case Entry::corrected:
            return "更正";
        case Entry::uncollected:
            return "逾期未領";
    }
    std::unreachable();
}

}  // namespace sluice::print
