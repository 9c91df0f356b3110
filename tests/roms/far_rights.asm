; Privilege of far CALL, JMP and RET to code segments: SDM 2A CALL, JMP, 2B RET, 3A 5.8.1.
%include "lib/rom.inc"
%include "lib/segload.inc"
%include "lib/far.inc"

; CALL and JMP. Non-conforming: DPL = CPL and RPL <= CPL. Conforming: DPL <= CPL. CS keeps the CPL as its RPL.
; RET. RPL is the new CPL, which must not be below the old one; non-conforming: DPL = RPL; conforming: DPL <= RPL. An outer ring
; takes a stack as well: here only what is refused before that.
%assign cpl 0
%rep 4
    %assign dpl 0
    %rep 4
        %assign rpl 0
        %rep 4
            %assign fits dpl == cpl && rpl <= cpl
            %if (rpl + dpl) & 1
                FAR dpl_%[dpl]_rpl_%[rpl]_cpl_%[cpl], call, direct, %[cpl], FREE | rpl, PRESENT | DPL(dpl) | CODE_XR, fits, FREE | cpl, GP, FREE
                FAR dpl_%[dpl]_rpl_%[rpl]_cpl_%[cpl]_conforming, jmp, memory, %[cpl], FREE | rpl, PRESENT | DPL(dpl) | CODE_CONFORMING, dpl <= cpl, FREE | cpl, GP, FREE
            %else
                FAR dpl_%[dpl]_rpl_%[rpl]_cpl_%[cpl], jmp, memory, %[cpl], FREE | rpl, PRESENT | DPL(dpl) | CODE_X, fits, FREE | cpl, GP, FREE
                FAR dpl_%[dpl]_rpl_%[rpl]_cpl_%[cpl]_conforming, call, direct, %[cpl], FREE | rpl, PRESENT | DPL(dpl) | CODE_CONFORMING_R, dpl <= cpl, FREE | cpl, GP, FREE
            %endif
            %if rpl <= cpl || dpl != rpl
                %assign fits rpl == cpl && dpl == rpl
                FAR dpl_%[dpl]_rpl_%[rpl]_cpl_%[cpl], retf, stack, %[cpl], FREE | rpl, PRESENT | DPL(dpl) | CODE_XR, fits, FREE | rpl, GP, FREE
            %endif
            %if rpl <= cpl || dpl > rpl
                %assign fits rpl == cpl && dpl <= rpl
                FAR dpl_%[dpl]_rpl_%[rpl]_cpl_%[cpl]_conforming, retf, stack, %[cpl], FREE | rpl, PRESENT | DPL(dpl) | CODE_CONFORMING, fits, FREE | rpl, GP, FREE
            %endif
            %assign rpl rpl + 1
        %endrep
        %assign dpl dpl + 1
    %endrep
    %assign cpl cpl + 1
%endrep

END_OF_CHECKS
