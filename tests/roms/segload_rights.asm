; Privilege when a segment register is loaded: SDM 3A 5.6, 5.7, 2A MOV.
%include "lib/rom.inc"
%include "lib/segload.inc"

%macro LOAD_RIGHTS 8  ; kind, how, register, CPL, DPL, RPL, access without DPL, ok
CHECK segload.%1_of_dpl_%5_with_rpl_%6_at_cpl_%4_in_%3_by_%2, "SDM 3A 5.6, 5.7"
    IN PM32, %4
    DESC FREE, 0, 0xfffff, PRESENT | DPL(%5) | (%7), BIG | PAGES_4K
    LOAD_SETUP %2, %4, FREE | %6
CODE
    LOAD_BY %2, %3
    %if %8
EXPECT END
        WANT_LOADED %2, %3, %4, FREE | %6
        WANT_TYPE FREE, PRESENT | DPL(%5) | (%7) | ACCESSED
    %else
EXPECT GP, FREE
    %endif
%endmacro

; Every CPL, DPL and RPL. Data: DPL must not be below CPL nor RPL (the pages of MOV and LDS want both to be above before
; they fault; see docs/manual-errata.md). SS: all three are equal.
%assign cpl 0
%rep 4
    %assign dpl 0
    %rep 4
        %assign rpl 0
        %rep 4
            %assign number (cpl + dpl + rpl) & 3
            %assign way (cpl + 2 * dpl + rpl) % 3
            %assign way2 (way + 1) % 3
            %assign fits dpl >= cpl && dpl >= rpl
            LOAD_RIGHTS data, %[HOW_%[way]], %[REGISTER_%[number]], %[cpl], %[dpl], %[rpl], DATA_RW, fits
            %assign fits dpl == cpl && dpl == rpl
            LOAD_RIGHTS data, %[HOW_%[way2]], ss, %[cpl], %[dpl], %[rpl], DATA_RW, fits
            %if cpl == 0 || cpl == 3
                %assign number (cpl + dpl + rpl + 1) & 3
                %assign fits dpl >= cpl && dpl >= rpl
                LOAD_RIGHTS code, %[HOW_%[way2]], %[REGISTER_%[number]], %[cpl], %[dpl], %[rpl], CODE_XR, fits
                %if rpl == 0 || rpl == 3
                    LOAD_RIGHTS conforming_code, %[HOW_%[way]], %[REGISTER_%[number]], %[cpl], %[dpl], %[rpl], CODE_CONFORMING_R, 1
                %endif
            %endif
            %assign rpl rpl + 1
        %endrep
        %assign dpl dpl + 1
    %endrep
    %assign cpl cpl + 1
%endrep

END_OF_CHECKS
